// `npm run demo`: from nothing to a balanced service on five real hosts, and a backend stopped without losing a request.
import { $ } from 'zx';
import { describeMissing, missingRequirements } from '../src/lab/requirements.ts';
import { labSubnet } from '../src/lab/lab.ts';

const say = (text: string) => process.stdout.write(`${text}\n`);
const run = $({ stdio: 'inherit', nothrow: true });
const vezaRun = ['node', 'bin/veza-run.js'];
const playbook = ['playbooks/lb.yml', '-i', 'inventory/lab.yml'];

const missing = await missingRequirements();
await step('Pack the balancer', ['npm', 'run', '--silent', 'build']);
if (missing.machine.length > 0) await withoutHosts();
else await withHosts();

async function withHosts(): Promise<void> {
  await step('Boot five hosts', [...vezaRun, 'lab', 'up']);
  await step('What would change', [...vezaRun, ...playbook, '--check', '--diff']);
  await step('Change it', [...vezaRun, ...playbook]);
  heading('Once more: nothing is left to change');
  const again = await $({ stdio: ['ignore', 'pipe', 'inherit'], nothrow: true })`${[...vezaRun, ...playbook]}`;
  if (again.exitCode !== 0) say(again.stdout);
  endIfFailed([...vezaRun, ...playbook], again.exitCode);
  const [, recap = ''] = again.stdout.split('PLAY RECAP');
  say(`PLAY RECAP${recap}`);
  if (/changed=[1-9]/.test(recap)) end('the second run changed something: that is a mistake in a role or a module', 1);
  await step('Stop a backend under load', [...vezaRun, 'test', 'failover', '-i', 'inventory/lab.yml', '--tries', '3']);
  const address = `${labSubnet('lab')}.11`;
  heading('It runs');
  say(`  the balancer        http://${address}/api/v1/health`);
  say(`  its statistics      http://${address}:8404/stats`);
  say(`  a shell on a host   ${vezaRun.join(' ')} lab ssh backend-api-1`);
  say(`  stop the lab        ${vezaRun.join(' ')} lab down`);
}

async function withoutHosts(): Promise<void> {
  say(`no hosts can be booted here: ${describeMissing(missing) ?? ''}`);
  say('so this is the dry run against this machine, which changes nothing:');
  await step('What would change', [
    ...vezaRun,
    'playbooks/lb.yml',
    '-i',
    'inventory/localhost.yml',
    '--check',
    '--diff',
  ]);
}

function heading(title: string): void {
  say(`\n== ${title}`);
}

async function step(title: string, command: readonly string[]): Promise<void> {
  heading(`${title}: ${command.join(' ')}`);
  const { exitCode } = await run`${command}`;
  endIfFailed(command, exitCode);
}

/** `exitCode` is null when a signal ended the command. */
function endIfFailed(command: readonly string[], exitCode: number | null): void {
  if (exitCode !== 0) end(`\`${command.join(' ')}\` failed; what it said is above`, exitCode ?? 1);
}

function end(reason: string, exitCode: number): never {
  process.stderr.write(
    `\nThe demo ends here: ${reason}. Hosts of the lab that are up stay up; \`${vezaRun.join(' ')} lab down\` stops them.\n`,
  );
  process.exit(exitCode);
}
