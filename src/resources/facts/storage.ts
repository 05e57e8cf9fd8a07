// Facts of mounted file systems and of disks.
import type { Json, JsonObject } from '../../lib/json.ts';
import { linksOf } from './links.ts';
import type { Collector, FactSource } from './source.ts';

export const mounts: Collector = {
  name: 'mounts',
  facts: ['mounts'],
  files: ['/proc/self/mounts'],
  // A file system over the network may not answer: each of them is asked alone, with a time limit, or not at all.
  script: `vz space; set --
while read -r vz_device vz_path vz_type vz_rest; do
case $vz_device in /*|*:/*) ;; *) continue ;; esac
case $vz_path in *\\\\*) vz_path=$(printf %b "$vz_path") ;; esac
case $vz_type in none) ;;
nfs*|cifs|smb*|ceph|9p|fuse.*|afs|gluster*|lustre) [ -z "$vz_limit" ] || $vz_limit stat -f -c '%s %S %b %a %c %d %n' "$vz_path" ;;
*) set -- "$@" "$vz_path" ;; esac
done </proc/self/mounts
[ $# = 0 ] || stat -f -c '%s %S %b %a %c %d %n' "$@"`,
  parse(source) {
    const space = new Map(
      source.outputLines('space').flatMap((line) => {
        const [, numbers = '', path] = /^((?:-?\d+ ){6})(.*)$/.exec(line) ?? [];
        return path === undefined ? [] : [[path, sizes(numbers.trim().split(' ').map(Number))] as const];
      }),
    );
    const uuids = new Map(linksOf(source, 'by-uuid').map(({ device, name }) => [device, name]));
    const found = source.lines('/proc/self/mounts').flatMap((line) => {
      const [device = '', path = '', fstype = '', options = ''] = line.split(' ').map(unescaped);
      if (!/^\/|:\//.test(device) || fstype === 'none') return [];
      const uuid = uuids.get(device.replace(/^\/dev\//, '')) ?? 'N/A';
      return [{ mount: path, device, fstype, options, uuid, ...space.get(path) }];
    });
    return { mounts: found };
  },
};

/** The kernel writes white space and backslashes as three octal digits. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

function sizes(numbers: readonly number[]): JsonObject {
  const [block = 0, fragment = 0, total = 0, available = 0, inodes = 0, freeInodes = 0] = numbers;
  return {
    block_size: block,
    block_total: total,
    block_available: available,
    block_used: total - available,
    size_total: total * fragment,
    size_available: available * fragment,
    inode_total: inodes,
    inode_available: freeInodes,
    inode_used: inodes - freeInodes,
  };
}

const disk = '/sys/block/*';

export const devices: Collector = {
  name: 'devices',
  facts: ['device_links', 'devices'],
  files: [
    ...['size', 'removable', 'queue/rotational', 'queue/scheduler', 'queue/hw_sector_size'],
    ...['queue/discard_granularity', 'device/vendor', 'device/model', 'device/sas_address'],
    ...['device/sas_device_handle', '*/size', '*/"start"', '*/partition', 'dm/name', '*/dm/name'],
  ].map((file) => `${disk}/${file}`),
  script: `vz holders; for vz_path in ${disk}/holders/* ${disk}/*/holders/* ${disk}/slaves/*; do
[ ! -e "$vz_path" ] || echo "$vz_path"; done`,
  parse(source) {
    const names = [...source.matching(/^\/sys\/block\/([^/]+)\/size$/)].map(([[, name = '']]) => name).sort();
    return {
      devices: Object.fromEntries(names.map((name) => [name, diskFacts(source, name)])),
      device_links: {
        ids: byDevice(source, 'by-id'),
        labels: byDevice(source, 'by-label'),
        uuids: byDevice(source, 'by-uuid'),
        masters: masters(source),
      },
    };
  },
};

function diskFacts(source: FactSource, name: string): JsonObject {
  const at = (file: string) => source.first(`/sys/block/${name}/${file}`);
  const partitions: Record<string, Json> = {};
  for (const [[, disk, part = '']] of source.matching(/^\/sys\/block\/([^/]+)\/([^/]+)\/partition$/)) {
    if (disk === name) partitions[part] = partitionFacts(source, name, part);
  }
  const sectorSize = at('queue/hw_sector_size') ?? '512';
  return {
    virtual: 1,
    vendor: at('device/vendor') ?? null,
    model: at('device/model') ?? null,
    sas_address: at('device/sas_address') ?? null,
    sas_device_handle: at('device/sas_device_handle') ?? null,
    removable: at('removable') ?? '0',
    rotational: at('queue/rotational') ?? '0',
    support_discard: at('queue/discard_granularity') ?? '0',
    scheduler_mode: /\[(.*)\]/.exec(at('queue/scheduler') ?? '')?.[1] ?? '',
    sectors: at('size') ?? '0',
    sectorsize: sectorSize,
    size: human(Number(at('size') ?? 0) * 512),
    holders: holders(source, `${name}/holders/`),
    host: '',
    links: linkFacts(source, name),
    partitions,
  };
}

function partitionFacts(source: FactSource, disk: string, name: string): JsonObject {
  const at = (file: string) => source.first(`/sys/block/${disk}/${name}/${file}`) ?? '0';
  return {
    start: at('start'),
    sectors: at('size'),
    sectorsize: source.first(`/sys/block/${disk}/queue/hw_sector_size`) ?? '512',
    size: human(Number(at('size')) * 512),
    uuid: linksOf(source, 'by-uuid').find(({ device }) => device === name)?.name ?? null,
    holders: holders(source, `${disk}/${name}/holders/`),
    links: linkFacts(source, name),
  };
}

function linkFacts(source: FactSource, device: string): JsonObject {
  return {
    ids: byDevice(source, 'by-id')[device] ?? [],
    labels: byDevice(source, 'by-label')[device] ?? [],
    uuids: byDevice(source, 'by-uuid')[device] ?? [],
    masters: masters(source)[device] ?? [],
  };
}

/** Names of what is built upon a disk or partition; device mapper volumes under their own names. */
function holders(source: FactSource, folder: string): readonly string[] {
  return source
    .outputLines('holders')
    .filter((path) => path.startsWith(`/sys/block/${folder}`))
    .map((path) => path.slice(path.lastIndexOf('/') + 1))
    .map((name) => source.first(`/sys/block/${name}/dm/name`) ?? name);
}

function masters(source: FactSource): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, string[]> = {};
  for (const path of source.outputLines('holders')) {
    const [, master, slave] = /^\/sys\/block\/([^/]+)\/slaves\/([^/]+)$/.exec(path) ?? [];
    if (master !== undefined && slave !== undefined) (found[slave] ??= []).push(master);
  }
  return found;
}

function byDevice(source: FactSource, kind: string): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, string[]> = {};
  for (const { device, name } of linksOf(source, kind)) (found[device] ??= []).push(name);
  return found;
}

const units = ['Bytes', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB'];

function human(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(2)} ${units[power] ?? ''}`;
}
