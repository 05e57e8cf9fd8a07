// Up and down: the order in which a lab's parts come and go. The caller holds the lab's lock.
import { readdir, rm } from 'node:fs/promises';
import { messageOf, VezaError } from '../lib/errors.ts';
import { ensureBaseTree } from './base-tree.ts';
import { childGroups, killGroup, removeEmptyGroup } from './cgroups.ts';
import { forgetOutages } from './failures.ts';
import * as hosts from './host.ts';
import { allLabsGroup, type HostNames, hostNames, type LabHost, type LabNames } from './names.ts';
import { checkBridge, ensureBridge, ensureHostNetwork, removeNamespace, removeNetwork } from './network.ts';
import type { Recipe } from './recipe.ts';
import { type ClientFiles, ensureKey, waitForSshd, writeKnownHosts } from './ssh.ts';

export interface LabContext {
  readonly lab: LabNames;
  readonly hosts: readonly LabHost[];
  readonly files: ClientFiles;
  readonly cacheDirectory: string;
  readonly recipe: Recipe;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (message: string) => void;
}

/** Boots every host of the lab; hosts that the inventory has no longer are removed. */
export async function bringUp(context: LabContext): Promise<void> {
  const names = context.hosts.map((host) => hostNames(context.lab, host));
  await removeStrangers(context, names);
  await bootHosts(context, names);
}

/** Boots those of these hosts that do not run, and waits until each of them can be logged in to. */
export async function bootHosts(context: LabContext, names: readonly HostNames[]): Promise<void> {
  const { cacheDirectory, recipe, signal, onProgress, lab, files } = context;
  const baseTree = await ensureBaseTree({ cacheDirectory, recipe, signal, onProgress });
  const startedAt = performance.now();
  const publicKey = await ensureKey(files, lab.lab);
  const setting: hosts.HostSetting = { lab, hosts: context.hosts, baseTree, publicKey };
  await ensureBridge(lab);
  const booted = await all(names.map((host) => ensureHost(setting, host)));
  await writeKnownHosts(
    files,
    context.hosts.map((host) => hostNames(lab, host)),
  );
  await all(names.map((host, index) => waitOrBootAgain(context, setting, host, booted[index] === true)));
  const count = booted.filter(Boolean).length;
  if (count > 0) await checkBridge(lab, names);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  onProgress(count === 0 ? 'all hosts are up already' : `booted ${count} of ${names.length} hosts in ${seconds} s`);
}

/** Ends and removes everything of the lab, whatever state it is in and whatever hosts it had. */
export async function takeDown({ lab, files, onProgress }: LabContext, keepDisks: boolean): Promise<void> {
  await killGroup(lab.cgroup);
  await removeEmptyGroup(allLabsGroup);
  await removeNetwork(lab);
  await hosts.removeDisks(lab.directory, keepDisks);
  await rm(files.knownHosts, { force: true });
  onProgress(`the lab '${lab.lab}' is down`);
}

/** Returns whether the host had to be booted. */
async function ensureHost(setting: hosts.HostSetting, host: HostNames): Promise<boolean> {
  const running = await hosts.isRunning(host);
  if (!running) await hosts.powerOff(host);
  await ensureHostNetwork(setting.lab, host);
  // Also for a running host: its /etc/hosts follows the inventory.
  await hosts.prepareDisk(setting, host);
  if (!running) await hosts.boot(host);
  return !running;
}

/** A host that was dying when it was looked at seemed to run: it is booted when it is gone. */
async function waitOrBootAgain(
  context: LabContext,
  setting: hosts.HostSetting,
  host: HostNames,
  booted: boolean,
): Promise<void> {
  try {
    await waitForHost(context, host);
  } catch (error) {
    if (booted || (await hosts.isRunning(host))) throw error;
    await ensureHost(setting, host);
    await waitForHost(context, host);
  }
}

async function waitForHost({ signal, onProgress }: LabContext, host: HostNames): Promise<void> {
  const { failed } = await hosts.waitForBoot(host, signal);
  if (failed.length > 0) onProgress(`${host.host} is up, but degraded: ${failed.join(', ')} failed`);
  await waitForSshd({ name: host.host, address: host.address }, signal);
  await forgetOutages(host);
}

/** Hosts that are on this machine but not in the inventory any more. */
async function removeStrangers({ lab, onProgress }: LabContext, names: readonly HostNames[]): Promise<void> {
  const known = new Set(names.map(({ host }) => host));
  const directories = await readdir(lab.directory).catch(() => []);
  const groups = (await childGroups(lab.cgroup)).map((group) => group.replace(/\.(exec|relay)$/, ''));
  for (const name of new Set([...directories, ...groups])) {
    if (known.has(name)) continue;
    onProgress(`removing ${name}, which is not in the inventory`);
    const { directory, namespace, cgroup, execCgroup, relayCgroup } = hostNames(lab, { name, address: '' });
    for (const group of [cgroup, execCgroup, relayCgroup]) await killGroup(group);
    await removeNamespace(namespace);
    await hosts.removeDisks(directory);
  }
}

/** Waits for all, also after one has failed: nothing may go on behind the caller's back. Then throws what failed. */
async function all<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(promises);
  const errors = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  if (errors.length > 1) throw new VezaError('lab-boot', errors.map(messageOf).join('\n'), { cause: errors[0] });
  if (errors.length === 1) throw errors[0];
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
