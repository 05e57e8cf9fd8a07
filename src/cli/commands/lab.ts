// `veza-run lab ...`: boots, stops, enters and breaks the hosts of an inventory on this machine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Listr } from 'listr2';
import pc from 'picocolors';
import { createLab, failureWays, isFailureWay, labSubnet, type Lab } from '../../lab/lab.ts';
import { describeMissing, installRequirements, missingRequirements } from '../../lab/requirements.ts';
import { VezaError } from '../../lib/errors.ts';
import { nearestName } from '../../lib/suggest.ts';
import { exitCodes } from '../exit-codes.ts';
import { hostAddress, type HostVariables } from '../host-variables.ts';
import { readInventory, type InventoryFlags } from '../inventory-flags.ts';
import { print, printDiagnostics } from '../output.ts';
import { defaultInventory, labStateDirectory } from '../paths.ts';

export interface LabFlags extends InventoryFlags {
  readonly name: string;
  readonly unit?: string;
  readonly path?: string;
}

export async function labUp(flags: LabFlags): Promise<number> {
  const missing = await missingRequirements();
  if (missing.machine.length > 0)
    throw new VezaError('lab-requirements', `no lab can run here: ${describeMissing(missing) ?? ''}`, {
      hint: 'run it as root on Debian 12, for instance in a virtual machine',
    });
  await installRequirements(missing.packages, (message) => print(`${message}\n`));
  await withProgress('boot the lab', (onProgress) => openLab(flags, onProgress).lab.up());
  return labStatus(flags);
}

export async function labDown(flags: LabFlags): Promise<number> {
  await withProgress('stop the lab', (onProgress) => openLab(flags, onProgress).lab.down());
  return exitCodes.ok;
}

export async function labStatus(flags: LabFlags): Promise<number> {
  const hosts = await openLab(flags).lab.status();
  const width = Math.max(...hosts.map(({ name }) => name.length));
  for (const { name, address, state, systemd, failures } of hosts) {
    const paint = state === 'running' ? pc.green : pc.yellow;
    const broken = failures.length > 0 ? `  failing: ${failures.map(({ way }) => way).join(', ')}` : '';
    print(
      `${name.padEnd(width)}  ${address.padEnd(15)}  ${paint(state)}${systemd === undefined ? '' : `  systemd: ${systemd}`}${broken}\n`,
    );
  }
  return hosts.every(({ state }) => state === 'running') ? exitCodes.ok : exitCodes.unreachable;
}

/** Logs in with the system's ssh; its exit code is ours. */
export async function labSsh(flags: LabFlags, name: string): Promise<number> {
  const { lab, hosts } = openLab(flags);
  const [program = 'ssh', ...words] = lab.sshCommand(known(name, hosts));
  const child = spawn(program, words, { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? exitCodes.interrupted;
}

export async function labFail(flags: LabFlags, name: string, way: string): Promise<number> {
  const { lab, hosts } = openLab(flags, tell);
  if (!isFailureWay(way)) {
    const suggestion = nearestName(way, Object.keys(failureWays));
    throw new VezaError('unknown-failure', `there is no way to fail called "${way}"`, {
      hint: `${suggestion ? `did you mean "${suggestion}"? ` : ''}known are: ${Object.keys(failureWays).join(', ')}`,
    });
  }
  const failure = await lab.fail(known(name, hosts), way, {
    ...(flags.unit === undefined ? {} : { unit: flags.unit }),
    ...(flags.path === undefined ? {} : { path: flags.path }),
  });
  print(`${name} fails: ${JSON.stringify(failure)}\nundo it with: veza-run lab heal ${name}\n`);
  return exitCodes.ok;
}

export async function labHeal(flags: LabFlags, name: string): Promise<number> {
  const { lab, hosts } = openLab(flags, tell);
  await lab.heal(known(name, hosts));
  print(`${name} is well again\n`);
  return exitCodes.ok;
}

/** The inventory as seen by a lab: its name decides `lab_name` and `lab_subnet`, unless -e says otherwise. */
export function labInventory(flags: LabFlags): HostVariables {
  const derived = [`lab_name=${flags.name}`, `lab_subnet=${labSubnet(flags.name)}`];
  const loaded = readInventory(
    { ...flags, extraVars: [...derived, ...(flags.extraVars ?? [])] },
    { fallback: defaultInventory },
  );
  printDiagnostics(loaded.diagnostics, loaded.inventory?.sources);
  if (!loaded.inventory) throw new VezaError('invalid-inventory', 'the inventory could not be read');
  return { inventory: loaded.inventory, extraVars: loaded.extraVars, directory: loaded.directory };
}

export function openLab(
  flags: LabFlags,
  onProgress: (message: string) => void = () => undefined,
): { readonly lab: Lab; readonly hosts: readonly string[] } {
  const variables = labInventory(flags);
  const hosts = [...variables.inventory.hosts.values()]
    .map((host) => hostAddress(variables, host, flags))
    .filter(({ connection }) => connection === 'ssh')
    .map(({ name, address }) => ({ name, address }));
  const lab = createLab({ name: flags.name, hosts, stateDirectory: labStateDirectory(flags.name), onProgress });
  return { lab, hosts: hosts.map(({ name }) => name) };
}

function known(name: string, hosts: readonly string[]): string {
  if (hosts.includes(name)) return name;
  const suggestion = nearestName(name, hosts);
  throw new VezaError('unknown-host', `the lab has no host "${name}"`, {
    hint: suggestion ? `did you mean "${suggestion}"?` : `it has: ${hosts.join(', ')}`,
  });
}

function tell(message: string): void {
  print(`${message}\n`);
}

/** One row with what is going on; plain lines where there is no terminal. */
async function withProgress(
  title: string,
  work: (onProgress: (message: string) => void) => Promise<void>,
): Promise<void> {
  if (!process.stdout.isTTY) return work(tell);
  const row = new Listr([{ title, task: (_context, task) => work((message) => (task.output = message)) }]);
  await row.run();
}
