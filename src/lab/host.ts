// One host: its disk (an overlay over the base tree), its boot, a way in for the lab itself, and its end.
import { once } from 'node:events';
import { chmod, copyFile, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VezaError } from '../lib/errors.ts';
import { killGroup, preferGroup, processesOf, spawnInGroup } from './cgroups.ts';
import { exists, readJson, writeJson } from './files.ts';
import { labLimits } from './limits.ts';
import { allLabsGroup, type HostNames, type LabHost, type LabNames, machineId } from './names.ts';
import { loginUser } from './recipe.ts';
import { run, type RunResult } from './run.ts';

/** What every host of a lab is told about it. */
export interface HostSetting {
  readonly lab: LabNames;
  readonly hosts: readonly LabHost[];
  readonly baseTree: string;
  readonly publicKey: string;
}

/** Mounts the host's disk and, when it is new or the lab has changed, writes what makes it this host. */
export async function prepareDisk(setting: HostSetting, host: HostNames): Promise<void> {
  const old = await identityOf(host);
  // A disk lives as long as the base tree it was made on: over another one, an overlay is undefined.
  const keep = old !== null && (await exists(old.baseTree));
  if (!keep) await removeDisks(host.directory);
  const identity = { ...setting, baseTree: keep ? old.baseTree : setting.baseTree, address: host.address };
  for (const path of [host.upper, host.work, host.root]) await mkdir(path, { recursive: true });
  if (!(await mountPointsBelow(host.root)).includes(host.root)) {
    const options = `lowerdir=${identity.baseTree},upperdir=${host.upper},workdir=${host.work}`;
    await run(['mount', '-t', 'overlay', '-o', options, `veza-${host.machine}`, host.root]);
  }
  if (JSON.stringify(old) === JSON.stringify(identity)) return;
  const known = setting.hosts.map(({ name, address }) => `${address} ${name}`);
  await writeFile(join(host.root, 'etc/hosts'), ['127.0.0.1 localhost', '::1 localhost', ...known, ''].join('\n'));
  await writeFile(join(host.root, 'etc/hostname'), `${host.host}\n`);
  await writeFile(join(host.root, 'etc/resolv.conf'), '');
  await writeFile(join(host.root, 'etc/machine-id'), `${machineId(setting.lab, host.host)}\n`);
  await installKeys(setting, host);
  await writeJson(host.identity, identity);
}

/** Whether the host runs, under the address it shall have. Without a systemd it does not run: its boot was broken off. */
export async function isRunning(host: HostNames): Promise<boolean> {
  return (await leaderOf(host)) !== undefined && (await identityOf(host))?.address === host.address;
}

/** Whether there is a disk to boot from. */
export function hasDisk(host: HostNames): Promise<boolean> {
  return exists(host.identity);
}

/** Unmounts all disks in a directory, and deletes it unless it shall be kept. Their hosts' processes must have ended. */
export async function removeDisks(directory: string, keep = false): Promise<void> {
  for (const point of await mountPointsBelow(directory)) await run(['umount', point]);
  if (!keep) await run(['rm', '-rf', '--one-file-system', directory]);
}

/** Starts the host's systemd. Returns at once; `waitForBoot` knows when it is up. */
export async function boot(host: HostNames): Promise<void> {
  const argv = [
    ...['systemd-nspawn', '--quiet', '--boot', `--directory=${host.root}`],
    ...[
      `--machine=${host.machine}`,
      `--hostname=${host.host}`,
      `--network-namespace-path=/run/netns/${host.namespace}`,
    ],
    // No machined and no systemd are needed on the controller.
    ...['--register=no', '--keep-unit', '--settings=no'],
    // For keepalived, nftables and net.* sysctls inside.
    '--capability=CAP_NET_ADMIN,CAP_NET_RAW',
    ...['--resolv-conf=off', '--timezone=off', '--link-journal=no', '--console=read-only'],
  ];
  await using log = await open(host.consoleLog, 'a', 0o600);
  const child = await spawnInGroup(host.cgroup, argv, ['ignore', log.fd, log.fd], {
    ...process.env,
    SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'network',
  });
  await once(child, 'spawn');
  child.unref();
  await preferGroup(allLabsGroup);
  // The shell that becomes systemd-nspawn joins the group itself: until then the host looks stopped.
  while (child.exitCode === null && (await processesOf(host.cgroup)).length === 0) await sleep(labLimits.killPollMs);
}

/** Waits until systemd has finished its start; returns what `is-system-running` says, and the failed units. */
export async function waitForBoot(host: HostNames, signal?: AbortSignal): Promise<{ state: string; failed: string[] }> {
  const deadline = Date.now() + labLimits.bootTimeoutMs;
  for (;;) {
    const { state } = await systemState(host);
    if (state === 'running') return { state, failed: [] };
    if (state === 'degraded') return { state, failed: await failedUnits(host) };
    if (Date.now() > deadline || (await processesOf(host.cgroup)).length === 0) throw await bootFailed(host, state);
    await sleep(labLimits.bootPollMs, undefined, signal ? { signal } : {});
  }
}

/** `stopped`, or what systemd says of itself (`starting`, `running`, `degraded`, ...). */
export async function systemState(host: HostNames): Promise<{ running: boolean; state: string }> {
  const leader = await leaderOf(host);
  if (leader === undefined) {
    const running = (await processesOf(host.cgroup)).length > 0;
    return { running, state: running ? 'starting' : 'stopped' };
  }
  const { stdout } = await enter(host, leader, ['systemctl', 'is-system-running']);
  return { running: true, state: stdout.trim() || 'starting' };
}

/** Runs a program as root inside the host, not through ssh, with nothing to read. */
export async function execInside(host: HostNames, argv: readonly string[], signal?: AbortSignal): Promise<RunResult> {
  const leader = await leaderOf(host);
  if (leader !== undefined) return enter(host, leader, argv, signal);
  throw new VezaError('lab-host-stopped', `${host.host} is not running`, {
    hint: `Start it with: veza-run lab heal ${host.host}`,
  });
}

/** Cuts the power: every process of the host ends at once. Its disk and its cable stay. */
export async function powerOff(host: HostNames): Promise<void> {
  // systemd first: killing only systemd-nspawn leaves the host running.
  await killGroup(host.cgroup);
  await killGroup(host.execCgroup);
}

/** Mount points at or below a directory, the innermost first. */
async function mountPointsBelow(directory: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mounts', 'utf8')).split('\n');
  const points = lines.map((line) => (line.split(' ')[1] ?? '').replace(/\\([0-7]{3})/g, unescapeOctal));
  return points.filter((point) => point === directory || point.startsWith(`${directory}/`)).reverse();
}

async function installKeys({ publicKey }: HostSetting, host: HostNames): Promise<void> {
  const home = join(host.root, 'home', loginUser);
  const file = join(home, '.ssh/authorized_keys');
  await writeFile(file, `${publicKey.trim()}\n`);
  await chmod(file, 0o600);
  await chmod(join(home, '.ssh'), 0o700);
  await run(['chroot', host.root, 'chown', '-R', `${loginUser}:${loginUser}`, `/home/${loginUser}`]);
  const hostKey = join(host.root, 'etc/ssh/ssh_host_ed25519_key');
  const comment = `root@${host.host}`;
  if (!(await exists(hostKey))) {
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', hostKey]);
  }
  await copyFile(`${hostKey}.pub`, host.hostKey);
}

async function enter(
  host: HostNames,
  leader: number,
  argv: readonly string[],
  signal?: AbortSignal,
): Promise<RunResult> {
  const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup'];
  const environment = ['env', '-i', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root'];
  const inside = [...environment, 'LC_ALL=C.UTF-8', ...argv];
  const command = ['nsenter', `--target=${leader}`, ...namespaces, '--root', '--wd', '--', ...inside];
  const child = await spawnInGroup(host.execCgroup, command, ['ignore', 'pipe', 'pipe']);
  const expired = AbortSignal.timeout(labLimits.execTimeoutMs);
  const stop = signal ? AbortSignal.any([signal, expired]) : expired;
  const output = [collect(child.stdout), collect(child.stderr)];
  const ended: unknown[] = await once(child, 'close', { signal: stop }).catch((error: unknown) => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    throw error;
  });
  const [stdout = '', stderr = ''] = output.map((text) => text());
  return { exitCode: typeof ended[0] === 'number' ? ended[0] : 255, stdout, stderr };
}

/**
 * The host's process 1, as the controller numbers it: it is in the group, and number 1 of a namespace right below ours.
 * Looks again when only others are there: while it moves to its final group, reading the groups one by one can miss it.
 */
async function leaderOf(host: HostNames): Promise<number | undefined> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const pids = await processesOf(host.cgroup);
    for (const pid of pids) {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      if (/^NSpid:\t\d+\t1$/m.test(status) && /^Name:\tsystemd$/m.test(status)) return pid;
    }
    if (pids.length === 0) return undefined;
    await sleep(labLimits.killPollMs);
  }
  return undefined;
}

async function failedUnits(host: HostNames): Promise<string[]> {
  const { stdout } = await execInside(host, ['systemctl', '--failed', '--no-legend', '--plain', '--no-pager']);
  return stdout.split('\n').flatMap((line) => line.split(' ')[0] || []);
}

async function bootFailed(host: HostNames, state: string): Promise<VezaError> {
  const log = await readFile(host.consoleLog, 'utf8').catch(() => '');
  const tail = log.trim().split('\n').slice(-5).join('\n');
  return new VezaError('lab-boot', `${host.host} did not come up (systemd: ${state}). Its console says:\n${tail}`, {
    hint: `The whole console is in ${host.consoleLog}`,
  });
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= labLimits.execOutputBytes) chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function unescapeOctal(_all: string, digits: string): string {
  return String.fromCharCode(Number.parseInt(digits, 8));
}

interface Identity extends HostSetting {
  readonly address: string;
}

/** What the host's disk was made for; null when there is none. */
async function identityOf(host: HostNames): Promise<Identity | null> {
  return (await readJson(host.identity)) as Identity | null;
}
