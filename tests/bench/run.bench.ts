// A run with nothing to do: 100 tasks about files, all as they should be, on this machine by a local shell.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mediansMs, runProgram, tell, versionOf, vezaRun } from './support.ts';

const tasks = 100;
const runs = 7;
const folder = mkdtempSync(join(tmpdir(), 'veza-bench-'));
const playbook = join(folder, 'site.yml');
const inventory = join(folder, 'inventory.yml');
writeFileSync(inventory, 'all: { hosts: { here: { ansible_connection: local } } }\n');
writeFileSync(
  playbook,
  `- hosts: all
  gather_facts: false
  tasks:
${Array.from({ length: tasks }, (_, index) => `    - name: Folder ${index}\n      file: { path: "${folder}/tree/${index}", state: directory, mode: "0755" }`).join('\n')}
`,
);

try {
  const words = [playbook, '-i', inventory];
  vezaRun(...words);
  const ours = mediansMs(runs, {
    run: () => vezaRun(...words),
    check: () => vezaRun(...words, '--check', '--diff'),
  });
  const ansible = versionOf('ansible-playbook');
  const peers = ansible === null ? null : { run: peerMs(words), check: peerMs([...words, '--check', '--diff']) };
  const peer = (value: number | undefined) =>
    value === undefined ? {} : { peer: { name: 'ansible-playbook', value } };
  tell({
    title: `A run of ${tasks} file tasks with nothing to do, one local host`,
    rows: [
      { what: 'run', value: ours['run'] ?? Number.NaN, unit: 'ms', ...peer(peers?.run) },
      { what: 'dry run with differences', value: ours['check'] ?? Number.NaN, unit: 'ms', ...peer(peers?.check) },
    ],
    notes: [
      `Whole programs, start included; median of ${runs}; the peer once, for it takes ${tasks} steps in which chance evens out.` +
        (ansible === null ? ' ansible-playbook is not installed.' : ` Peer: ${ansible}, with pipelining.`),
    ],
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function peerMs(words: readonly string[]): number {
  const startedAtMs = performance.now();
  runProgram('ansible-playbook', words, { ANSIBLE_PIPELINING: '1', ANSIBLE_RETRY_FILES_ENABLED: '0' });
  return performance.now() - startedAtMs;
}
