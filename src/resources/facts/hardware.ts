// Facts of processors, memory and the machine's maker, from /proc and /sys.
import type { Json, JsonObject } from '../../lib/json.ts';
import { known, type Collector, type FactSource } from './source.ts';

export const processor: Collector = {
  name: 'processor',
  parts: ['processor_cores', 'processor_count'],
  facts: [
    'processor',
    'processor_cores',
    'processor_count',
    'processor_nproc',
    'processor_threads_per_core',
    'processor_vcpus',
  ],
  files: ['/proc/self/status'],
  // Flags of hundreds of processors are most of the file, and nobody asks for them.
  script: `vz processors; grep -E '^(processor|vendor_id|model name|Processor|physical id|core id|cpu cores|siblings)' /proc/cpuinfo`,
  parse(source) {
    const lines = source.outputLines('processors').map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()] as const;
    });
    const all = (name: string) => lines.flatMap(([key, value]) => (key === name ? [value] : []));
    const logical = all('processor').length;
    const sockets = new Set(all('physical id')).size;
    const shown = ['processor', 'vendor_id', 'model name', 'Processor'];
    const nproc = allowed(source) ?? logical;
    const list = lines.flatMap(([key, value]) => (shown.includes(key) ? [value] : []));
    if (sockets === 0) return { processor: list, ...counts(logical, 1, 1), processor_nproc: nproc };
    const cores = Number(all('cpu cores')[0] ?? 1);
    const threads = Math.max(1, Math.floor(Number(all('siblings')[0] ?? cores) / cores));
    return { processor: list, ...counts(sockets, cores, threads), processor_nproc: nproc };
  },
};

function counts(count: number, cores: number, threads: number): JsonObject {
  return {
    processor_count: count,
    processor_cores: cores,
    processor_threads_per_core: threads,
    processor_vcpus: count * cores * threads,
  };
}

/** How many processors whoever looks may run on: `0-3,6`. */
function allowed(source: FactSource): number | undefined {
  const line = source.lines('/proc/self/status').find((one) => one.startsWith('Cpus_allowed_list:'));
  if (line === undefined) return undefined;
  return line
    .slice('Cpus_allowed_list:'.length)
    .split(',')
    .map((range) => range.trim().split('-').map(Number))
    .reduce((sum, [first = 0, last = first]) => sum + last - first + 1, 0);
}

export const memory: Collector = {
  name: 'memory',
  facts: ['memfree_mb', 'memory_mb', 'memtotal_mb', 'swapfree_mb', 'swaptotal_mb', 'uptime_seconds'],
  files: ['/proc/meminfo', '/proc/uptime'],
  parse(source) {
    const kilobytes = new Map(
      source.lines('/proc/meminfo').flatMap((line) => {
        const [, name, value] = /^(\w+):\s+(\d+)/.exec(line) ?? [];
        return name === undefined ? [] : [[name, Number(value)] as const];
      }),
    );
    const kb = (name: string) => kilobytes.get(name) ?? 0;
    const mb = (value: number) => Math.floor(value / 1024);
    const [total, free] = [mb(kb('MemTotal')), mb(kb('MemFree'))];
    const idle = mb(kb('MemFree') + kb('Cached') + kb('Buffers'));
    const [swapTotal, swapFree] = [mb(kb('SwapTotal')), mb(kb('SwapFree'))];
    const uptime = source.first('/proc/uptime');
    return known({
      memtotal_mb: total,
      memfree_mb: free,
      swaptotal_mb: swapTotal,
      swapfree_mb: swapFree,
      memory_mb: {
        real: { total, free, used: total - free },
        nocache: { free: idle, used: total - idle },
        swap: { total: swapTotal, free: swapFree, used: swapTotal - swapFree, cached: mb(kb('SwapCached')) },
      },
      uptime_seconds: uptime === undefined ? undefined : Math.floor(Number(uptime.split(' ')[0])),
    });
  },
};

const dmiFolder = '/sys/class/dmi/id';

/** Facts by the file below /sys/class/dmi/id. */
const dmiFacts: Readonly<Record<string, string>> = {
  bios_date: 'bios_date',
  bios_vendor: 'bios_vendor',
  bios_version: 'bios_version',
  board_asset_tag: 'board_asset_tag',
  board_name: 'board_name',
  board_serial: 'board_serial',
  board_vendor: 'board_vendor',
  board_version: 'board_version',
  chassis_asset_tag: 'chassis_asset_tag',
  chassis_serial: 'chassis_serial',
  chassis_vendor: 'chassis_vendor',
  chassis_version: 'chassis_version',
  product_name: 'product_name',
  product_serial: 'product_serial',
  product_uuid: 'product_uuid',
  product_version: 'product_version',
  system_vendor: 'sys_vendor',
};

/** Chassis types of the SMBIOS specification (DSP0134, 7.4.1), from 1. */
const chassis = [
  ...['Other', 'Unknown', 'Desktop', 'Low Profile Desktop', 'Pizza Box', 'Mini Tower', 'Tower', 'Portable', 'Laptop'],
  ...['Notebook', 'Hand Held', 'Docking Station', 'All in One', 'Sub Notebook', 'Space-saving', 'Lunch Box'],
  ...['Main Server Chassis', 'Expansion Chassis', 'SubChassis', 'Bus Expansion Chassis', 'Peripheral Chassis'],
  ...['RAID Chassis', 'Rack Mount Chassis', 'Sealed-case PC', 'Multi-system chassis', 'Compact PCI', 'Advanced TCA'],
  ...['Blade', 'Blade Enclosure', 'Tablet', 'Convertible', 'Detachable', 'IoT Gateway', 'Embedded PC', 'Mini PC'],
  'Stick PC',
];

export const maker: Collector = {
  name: 'dmi',
  facts: [...Object.keys(dmiFacts), 'form_factor'],
  files: [...Object.values(dmiFacts), 'chassis_type'].map((file) => `${dmiFolder}/${file}`),
  parse(source) {
    const facts: Record<string, Json> = {};
    for (const [name, file] of Object.entries(dmiFacts)) facts[name] = source.first(`${dmiFolder}/${file}`) ?? 'NA';
    const type = source.first(`${dmiFolder}/chassis_type`);
    facts['form_factor'] = type === undefined ? 'NA' : (chassis[Number(type) - 1] ?? 'Unknown');
    return facts;
  },
};
