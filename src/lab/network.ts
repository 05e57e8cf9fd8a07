// The lab's network: one bridge a lab, one network namespace and one veth pair a host. Nothing routes out of it.
import { readFile } from 'node:fs/promises';
import { VezaError } from '../lib/errors.ts';
import type { HostNames, LabNames } from './names.ts';
import { run, tryRun } from './run.ts';

interface Link {
  readonly name: string;
  readonly alias: string;
}

/** Creates the bridge with the controller's address. Fine when it is there; throws if it is another lab's. */
export async function ensureBridge(lab: LabNames): Promise<void> {
  const links = await listLinks();
  const bridge = links.find((link) => link.name === lab.bridge);
  if (bridge && !isOurs(lab, bridge)) throw subnetTaken(lab, bridge.alias);
  if (!bridge) await run(['ip', 'link', 'add', lab.bridge, 'type', 'bridge']);
  await run(['ip', 'link', 'set', lab.bridge, 'alias', lab.bridgeAlias]);
  await run(['ip', 'address', 'replace', `${lab.gateway}/24`, 'dev', lab.bridge]);
  await run(['ip', 'link', 'set', lab.bridge, 'up']);
}

/**
 * Throws `lab-network` if the first host cannot reach the second. Docker lets iptables filter bridges, and forbids
 * what it does not know: the controller then reaches every host, but no host another one.
 */
export async function checkBridge(lab: LabNames, [first, second]: readonly HostNames[]): Promise<void> {
  const filtered = await readFile('/proc/sys/net/bridge/bridge-nf-call-iptables', 'utf8').catch(() => '0');
  if (filtered.trim() !== '1' || !first || !second) return;
  const scan = ['ssh-keyscan', '-T', '2', '-t', 'ed25519', second.address];
  const { stdout } = await tryRun(['nsenter', `--net=/run/netns/${first.namespace}`, ...scan]);
  if (stdout.includes('ssh-ed25519')) return;
  throw new VezaError('lab-network', `${first.host} cannot reach ${second.host}: this machine filters bridges`, {
    hint: `Let the lab's bridge pass: iptables -I FORWARD -i ${lab.bridge} -o ${lab.bridge} -j ACCEPT`,
  });
}

/** Creates a host's namespace and its cable. A half-made one is made anew. */
export async function ensureHostNetwork(lab: LabNames, host: HostNames): Promise<void> {
  const { namespace, address } = host;
  const inside = await tryRun(['ip', '-n', namespace, '-4', '-o', 'address', 'show', 'dev', 'eth0']);
  if (inside.exitCode !== 0 || !inside.stdout.includes(` ${address}/`)) {
    await removeLink(host.interface);
    await removeNamespace(namespace);
    await run(['ip', 'netns', 'add', namespace]);
    const pair = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace];
    await run(['ip', 'link', 'add', host.interface, ...pair]);
    await run(['ip', '-n', namespace, 'link', 'set', 'lo', 'up']);
    await run(['ip', '-n', namespace, 'link', 'set', 'eth0', 'up']);
    // Last, since the address is what tells a whole one from a half-made one.
    await run(['ip', '-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0']);
  }
  // Also for an old cable: it hangs in the air if its bridge was made anew.
  await run(['ip', 'link', 'set', host.interface, 'master', lab.bridge, 'up']);
}

/** Plugs a host's cable in, or pulls it. */
export async function setCable(host: HostNames, state: 'up' | 'down'): Promise<void> {
  await run(['ip', 'link', 'set', host.interface, state]);
}

/** Removes a host's namespace, and with it its cable. Fine when there is none. */
export async function removeNamespace(name: string): Promise<void> {
  if ((await listNamespaces()).includes(name)) await run(['ip', 'netns', 'delete', name]);
}

/** Removes everything of a lab, whatever hosts it had: cables, namespaces, the bridge. */
export async function removeNetwork(lab: LabNames): Promise<void> {
  const links = await listLinks();
  // The names come from the subnet, which another lab's name could have given too.
  if (links.some((link) => isOurs(lab, link))) {
    for (const { name } of links) if (name.startsWith(lab.interfacePrefix)) await removeLink(name);
    await removeLink(lab.bridge);
  }
  for (const name of await listNamespaces()) {
    if (name.startsWith(lab.namespacePrefix)) await removeNamespace(name);
  }
}

/** A bridge without an alias was made by a lab that crashed before it could write one. */
function isOurs(lab: LabNames, link: Link): boolean {
  return link.name === lab.bridge && (link.alias === lab.bridgeAlias || link.alias === '');
}

function subnetTaken(lab: LabNames, owner: string): VezaError {
  return new VezaError('lab-subnet', `the lab '${lab.lab}' needs ${lab.bridge}, which belongs to '${owner}'`, {
    hint: 'Take that one down, or give this lab another name (the subnet follows from the name).',
  });
}

async function listLinks(): Promise<Link[]> {
  const links: unknown = JSON.parse(await run(['ip', '-json', 'link', 'show']));
  return (Array.isArray(links) ? links : []).map((link: { ifname?: string; ifalias?: string }) => ({
    name: link.ifname ?? '',
    alias: link.ifalias ?? '',
  }));
}

async function listNamespaces(): Promise<string[]> {
  const text = await run(['ip', 'netns', 'list']);
  return text.split('\n').flatMap((line) => line.split(' ')[0] || []);
}

/** The kernel removes the cables of a namespace some time after it: one that has just gone by itself is fine too. */
async function removeLink(name: string): Promise<void> {
  const { exitCode, stderr } = await tryRun(['ip', 'link', 'delete', name]);
  if (exitCode === 0 || !(await listLinks()).some((link) => link.name === name)) return;
  throw new VezaError('lab-network', `cannot remove the interface ${name}: ${stderr.trim()}`);
}
