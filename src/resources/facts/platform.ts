// Facts of the kernel and the name of a host.
import { known, type Collector, type FactSource } from './source.ts';

const kernel = '/proc/sys/kernel';

export const platform: Collector = {
  name: 'platform',
  minimal: true,
  parts: ['architecture', 'kernel', 'kernel_version', 'machine', 'machine_id', 'system'],
  facts: [
    'architecture',
    'domain',
    'fqdn',
    'hostname',
    'kernel',
    'kernel_version',
    'machine',
    'machine_id',
    'nodename',
    'system',
    'userspace_architecture',
    'userspace_bits',
  ],
  files: [
    `${kernel}/ostype`,
    `${kernel}/hostname`,
    `${kernel}/osrelease`,
    `${kernel}/version`,
    '/etc/machine-id',
    '/var/lib/dbus/machine-id',
  ],
  // A name server that does not answer must not hold up the rest.
  script: `vz machine; uname -m
vz fqdn; $vz_limit hostname -f
vz bits; getconf LONG_BIT`,
  parse(source) {
    const machine = source.output('machine').trim();
    const nodename = source.first(`${kernel}/hostname`) ?? '';
    const fqdn = source.output('fqdn').trim() || nodename;
    const bits = source.output('bits').trim() || (/64|s390x/.test(machine) ? '64' : '32');
    return known({
      system: source.first(`${kernel}/ostype`) ?? 'Linux',
      kernel: source.first(`${kernel}/osrelease`),
      kernel_version: source.first(`${kernel}/version`),
      machine,
      architecture: architectureOf(machine),
      userspace_bits: bits,
      userspace_architecture: architectureOf(machine === 'x86_64' && bits === '32' ? 'i386' : machine),
      nodename,
      hostname: nodename.split('.')[0] ?? nodename,
      fqdn,
      domain: fqdn.split('.').slice(1).join('.'),
      machine_id: machineId(source),
    });
  },
};

/** All of the 32 bit PCs are one architecture. */
function architectureOf(machine: string): string {
  return /^i[3456]86$|^i86pc$/.test(machine) ? 'i386' : machine;
}

function machineId(source: FactSource): string | undefined {
  return source.first('/etc/machine-id') ?? source.first('/var/lib/dbus/machine-id');
}
