// Whether a host is a guest of another machine or container, or keeps guests itself. Told by files alone.
import type { Collector, FactSource } from './source.ts';

const dmi = '/sys/class/dmi/id';

export const virtual: Collector = {
  name: 'virtual',
  parts: ['virtualization_role', 'virtualization_tech_guest', 'virtualization_tech_host', 'virtualization_type'],
  facts: ['virtualization_role', 'virtualization_tech_guest', 'virtualization_tech_host', 'virtualization_type'],
  files: [
    ...['sys_vendor', 'product_name', 'product_family', 'bios_vendor', 'board_vendor'].map((file) => `${dmi}/${file}`),
    ...['/run/systemd/container', '/proc/1/cgroup', '/proc/self/mounts', '/sys/hypervisor/type', '/proc/modules'],
    '/proc/device-tree/hypervisor/compatible',
  ],
  script: `vz container; [ ! -r /proc/1/environ ] || tr '\\000' '\\n' </proc/1/environ | grep '^container='
vz traces; for vz_path in /.dockerenv /run/.containerenv /proc/vz /proc/bc /proc/xen /proc/xen/capabilities /dev/kvm; do
[ ! -e "$vz_path" ] || echo "$vz_path"; done
vz hypervisor; grep -m 1 -c -E '^flags.* hypervisor( |$)' /proc/cpuinfo
vz qemu; grep -m 1 -c -E '^model name.*QEMU Virtual CPU' /proc/cpuinfo`,
  parse(source) {
    const container = containerOf(source);
    const machine = machineOf(source);
    const hosts = hostsOf(source);
    // The innermost counts: a container on a virtual machine is a container.
    const type = container ?? machine ?? hosts[0] ?? 'NA';
    const guest = [container, container === null ? null : 'container', machine].filter((one) => one !== null);
    return {
      virtualization_type: type,
      virtualization_role: (container ?? machine) ? 'guest' : hosts[0] === undefined ? 'NA' : 'host',
      virtualization_tech_guest: [...new Set(guest)].sort(),
      virtualization_tech_host: hosts,
    };
  },
};

function containerOf(source: FactSource): string | null {
  const traces = source.outputLines('traces');
  const said =
    source
      .output('container')
      .trim()
      .replace(/^container=/, '') || source.first('/run/systemd/container');
  if (said !== undefined && said !== '') return said;
  if (traces.includes('/run/.containerenv')) return 'podman';
  if (traces.includes('/.dockerenv')) return 'docker';
  const groups = source.lines('/proc/1/cgroup').join('\n');
  const named = /\b(docker|lxc|kubepods|libpod)\b/.exec(groups)?.[1];
  if (named !== undefined) return { kubepods: 'container', libpod: 'podman' }[named] ?? named;
  // OpenVZ: a guest has the one file, its host both.
  if (traces.includes('/proc/vz') && !traces.includes('/proc/bc')) return 'openvz';
  return null;
}

/** What the firmware calls itself, and Ansible's name for it. */
const vendors: readonly (readonly [RegExp, string])[] = [
  [/VMware/, 'VMware'],
  [/VirtualBox|innotek/, 'virtualbox'],
  [/OpenStack/, 'openstack'],
  [/^(?:Xen|HVM domU)/m, 'xen'],
  [/Parallels/, 'parallels'],
  [/Microsoft Corporation[^]*Virtual Machine/, 'VirtualPC'],
  [/BHYVE/, 'bhyve'],
  [/RHEV|oVirt/, 'RHEV'],
  [/KVM|QEMU|Bochs|Amazon EC2|DigitalOcean|Google|Hetzner|Scaleway|Nutanix|Vultr|Linode|UpCloud|AHV|Alibaba/, 'kvm'],
];

function machineOf(source: FactSource): string | null {
  const files = ['sys_vendor', 'product_name', 'product_family', 'board_vendor', 'bios_vendor'];
  const firmware = files.map((file) => source.first(`${dmi}/${file}`) ?? '').join('\n');
  const hypervisor = source.output('hypervisor').trim() === '1';
  const vendor = vendors.find(([pattern]) => pattern.test(firmware))?.[1];
  if (source.first('/sys/hypervisor/type') === 'xen' && !isControlDomain(source)) return 'xen';
  // A cloud also sells bare machines, whose firmware bears the same name; those have no hypervisor below them.
  const x86 = source.output('hypervisor').trim() !== '';
  if (vendor !== undefined && (hypervisor || !x86 || vendor !== 'kvm')) return vendor;
  if (source.output('qemu').trim() === '1') return 'kvm';
  if ((source.first('/proc/device-tree/hypervisor/compatible') ?? '').includes('kvm')) return 'kvm';
  // Firecracker and other small ones have no firmware that could say a name.
  return hypervisor && firmware.trim() === '' ? 'kvm' : null;
}

function isControlDomain(source: FactSource): boolean {
  return source.outputLines('traces').includes('/proc/xen/capabilities');
}

function hostsOf(source: FactSource): readonly string[] {
  const traces = source.outputLines('traces');
  const modules = source.lines('/proc/modules').map((line) => line.split(' ')[0]);
  const hosts: string[] = [];
  if (traces.includes('/dev/kvm') || modules.includes('kvm')) hosts.push('kvm');
  if (modules.includes('vboxdrv')) hosts.push('virtualbox');
  if (traces.includes('/proc/bc')) hosts.push('openvz');
  if (isControlDomain(source)) hosts.push('xen');
  return hosts;
}
