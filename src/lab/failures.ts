// The ways to make a host fail, and how each is undone. What was done is written next to the host's disk,
// so that any later process can heal it.
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { messageOf, VezaError } from '../lib/errors.ts';
import { sh, type Script } from '../lib/shell.ts';
import { killGroup, spawnInGroup } from './cgroups.ts';
import { readJson, writeJson } from './files.ts';
import { execInside, powerOff } from './host.ts';
import { labLimits } from './limits.ts';
import type { HostNames, LabNames } from './names.ts';
import { setCable } from './network.ts';

/** Every way, with what it needs to know and what a client sees. */
export const failureWays = {
  graceful: { needs: 'unit', summary: 'stop a unit: requests in flight may finish, then connections are refused' },
  crash: { needs: 'unit', summary: 'kill a unit: resets, then refused until systemd starts it again' },
  hang: { needs: 'unit', summary: "freeze a unit's processes: connections are accepted, nothing answers" },
  'power-off': { needs: null, summary: 'end the host at once: connections break, then are refused' },
  cable: { needs: null, summary: 'pull the network cable: silence' },
  slow: { needs: 'port', summary: 'a relay in front of a port that delays both directions: latency' },
  'full-disk': { needs: 'path', summary: 'a small, full file system on a path: no space left on device' },
} as const;

export type FailureWay = keyof typeof failureWays;

export interface FailureOptions {
  /** The unit that stops, crashes or hangs. */
  readonly unit?: string;
  /** The directory that is full. */
  readonly path?: string;
  /** The TCP port that becomes slow, and by how much in each direction. */
  readonly port?: number;
  readonly delayMs?: number;
}

/** What was done to a host. `relay` is where the slow link is reached. */
export interface Failure extends FailureOptions {
  readonly way: FailureWay;
  readonly relay?: { readonly address: string; readonly port: number };
}

export function isFailureWay(way: string): way is FailureWay {
  return Object.hasOwn(failureWays, way);
}

/** Makes the host fail; returns what was done. Throws `lab-failure` when something that the way needs was not given. */
export async function failHost(
  lab: LabNames,
  host: HostNames,
  way: FailureWay,
  options: FailureOptions,
): Promise<Failure> {
  const { needs } = failureWays[way];
  if (needs !== null && (options[needs] ?? '') === '') {
    throw new VezaError('lab-failure', `the failure '${way}' needs a ${needs}`, {
      hint: `For instance: ${needs} ${{ unit: 'nginx.service', port: '8080', path: '/var/log/nginx' }[needs]}`,
    });
  }
  const failure = await inflict(lab, host, way, options);
  await writeJson(host.failures, [...(await failuresOf(host)), failure]);
  return failure;
}

/** The failures of a host that were not healed yet, oldest first. */
export async function failuresOf(host: HostNames): Promise<readonly Failure[]> {
  return ((await readJson(host.failures)) ?? []) as readonly Failure[];
}

/** Undoes all that was done to a host, the last first. The host runs again already. */
export async function undoFailures(host: HostNames): Promise<void> {
  await killGroup(host.relayCgroup);
  await setCable(host, 'up');
  const problems: string[] = [];
  for (const failure of (await failuresOf(host)).toReversed()) {
    const script = undoScript(failure);
    // One that cannot be undone, since its unit was removed, must not keep the others.
    if (script) await inside(host, script).catch((error: unknown) => problems.push(messageOf(error)));
  }
  await rm(host.failures, { force: true });
  if (problems.length > 0) throw new VezaError('lab-failure', problems.join('\n'));
}

/** After a boot with the cable in, these are over by themselves. */
export async function forgetOutages(host: HostNames): Promise<void> {
  const failures = await failuresOf(host);
  const left = failures.filter(({ way }) => way !== 'cable' && way !== 'power-off');
  if (left.length < failures.length) await writeJson(host.failures, left);
}

async function inflict(
  lab: LabNames,
  host: HostNames,
  way: FailureWay,
  { unit = '', path = '', port = 0, delayMs = labLimits.slowDelayMs }: FailureOptions,
): Promise<Failure> {
  switch (way) {
    case 'graceful':
      await inside(host, sh`systemctl stop -- ${unit}`);
      return { way, unit };
    case 'crash':
      await inside(host, sh`systemctl kill --signal=KILL -- ${unit}`);
      return { way, unit };
    case 'hang':
      // All of them: of a server with workers, the main process alone would not be missed.
      await inside(host, sh`systemctl kill --signal=STOP -- ${unit}`);
      return { way, unit };
    case 'power-off':
      await powerOff(host);
      return { way };
    case 'cable':
      await setCable(host, 'down');
      return { way };
    case 'slow':
      return { way, port, delayMs, relay: await startRelay(lab, host, port, delayMs) };
    case 'full-disk':
      await inside(host, fillDisk(path));
      return { way, path };
  }
  return way satisfies never;
}

function undoScript(failure: Failure): Script | null {
  const { way, unit = '', path = '' } = failure;
  switch (way) {
    case 'graceful':
    case 'crash':
      return sh`systemctl reset-failed -- ${unit} 2>/dev/null; systemctl start -- ${unit}`;
    case 'hang':
      // The processes may be gone by now, and the unit with them: a watchdog, or the power.
      return sh`systemctl kill --signal=CONT -- ${unit} 2>/dev/null; systemctl start -- ${unit}`;
    case 'full-disk':
      return sh`if mountpoint -q -- ${path}; then umount -- ${path}; fi`;
    case 'power-off':
    case 'cable':
    case 'slow':
      return null;
  }
  return way satisfies never;
}

/** A file system of its own, as the directory was: same owner and mode. Filled, because an empty one is not full yet. */
function fillDisk(path: string): Script {
  return sh`set -eu
    owner=$(stat -c 'mode=%a,uid=%u,gid=%g' -- ${path})
    mount -t tmpfs -o "size=${labLimits.fullDiskBytes},$owner" veza-full-disk ${path}
    cat /dev/zero >${`${path}/.veza-full-disk`} 2>/dev/null || :`;
}

async function inside(host: HostNames, script: Script): Promise<void> {
  const { exitCode, stderr, stdout } = await execInside(host, ['sh', '-c', script.text]);
  if (exitCode === 0) return;
  throw new VezaError('lab-failure', `on ${host.host}: ${(stderr || stdout).trim()} (exit code ${exitCode})`);
}

/** Starts the relay on the lab's bridge, where hosts and the controller can reach it. */
async function startRelay(lab: LabNames, host: HostNames, port: number, delayMs: number) {
  // The published package holds compiled files: the relay's ending is this file's.
  const program = join(import.meta.dirname, `relay${extname(import.meta.filename)}`);
  const argv = [process.execPath, program, lab.gateway, host.address, String(port), String(delayMs)];
  const child = await spawnInGroup(host.relayCgroup, argv, ['ignore', 'pipe', 'ignore']);
  const signal = AbortSignal.timeout(labLimits.relayStartTimeoutMs);
  const ended = once(child, 'exit').then(() => ['']);
  if (child.stdout === null) throw new VezaError('lab-failure', 'the relay has no output');
  const [line]: unknown[] = await Promise.race([once(child.stdout, 'data', { signal }), ended]);
  const relayPort = Number(String(line));
  if (!(relayPort > 0)) throw new VezaError('lab-failure', 'the relay of the slow link did not start');
  child.stdout.destroy();
  child.unref();
  return { address: lab.gateway, port: relayPort };
}
