// How long people wait for the shortest of all commands.
import { mediansMs, runProgram, tell, versionOf, vezaRun } from './support.ts';

const runs = 9;
const ansible = versionOf('ansible');
const medians = mediansMs(runs, {
  version: () => vezaRun('--version'),
  help: () => vezaRun('--help'),
  doc: () => vezaRun('doc', 'copy'),
  node: () => runProgram(process.execPath, ['-e', '0']),
  ...(ansible === null
    ? {}
    : {
        ansible: () => runProgram('ansible', ['--version']),
        'ansible-doc': () => runProgram('ansible-doc', ['copy']),
      }),
});
const peer = (name: string) => {
  const value = medians[name];
  return value === undefined ? {} : { peer: { name, value } };
};

tell({
  title: 'Start',
  rows: [
    { what: 'veza-run --version', value: medians['version'] ?? Number.NaN, unit: 'ms', goal: 100, ...peer('ansible') },
    { what: 'veza-run --help', value: medians['help'] ?? Number.NaN, unit: 'ms' },
    { what: 'veza-run doc copy', value: medians['doc'] ?? Number.NaN, unit: 'ms', ...peer('ansible-doc') },
    { what: 'Node.js alone', value: medians['node'] ?? Number.NaN, unit: 'ms' },
  ],
  notes: [`Median of ${runs}, in turns.${ansible === null ? ' ansible is not installed.' : ` Peer: ${ansible}.`}`],
});
