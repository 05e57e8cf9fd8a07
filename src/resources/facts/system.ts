// Facts of how a host is run: its managers of packages and services, its time, what guards it.
import type { JsonObject } from '../../lib/json.ts';
import { assignments, type Collector, type FactSource } from './source.ts';

/** The first of these that is there is the manager; those of a distribution come before those that others may install too. */
const packageManagers: readonly (readonly [string, string])[] = [
  ['/sbin/apk', 'apk'],
  ['/usr/bin/dnf', 'dnf'],
  ['/usr/bin/yum', 'yum'],
  ['/usr/bin/zypper', 'zypper'],
  ['/usr/bin/pacman', 'pacman'],
  ['/usr/bin/emerge', 'portage'],
  ['/usr/bin/xbps-install', 'xbps'],
  ['/usr/bin/apt-get', 'apt'],
];

export const packageManager: Collector = {
  name: 'pkg_mgr',
  minimal: true,
  facts: ['pkg_mgr'],
  script: `vz packages; for vz_path in ${packageManagers.map(([path]) => `"${path}"`).join(' ')}; do
[ ! -x "$vz_path" ] || echo "$vz_path"; done`,
  parse(source) {
    const found = source.outputLines('packages')[0];
    return { pkg_mgr: packageManagers.find(([path]) => path === found)?.[1] ?? 'unknown' };
  },
};

export const serviceManager: Collector = {
  name: 'service_mgr',
  minimal: true,
  facts: ['service_mgr'],
  files: ['/proc/1/comm'],
  script: `vz services; for vz_path in /run/systemd/system /dev/.run/systemd /sbin/openrc /sbin/runit /etc/init.d; do
[ ! -e "$vz_path" ] || echo "$vz_path"; done`,
  parse(source) {
    const first = source.first('/proc/1/comm') ?? '';
    const found = source.outputLines('services');
    if (first === 'systemd' || found.some((path) => path.endsWith('/systemd') || path.startsWith('/run/systemd')))
      return { service_mgr: 'systemd' };
    // The init of BusyBox and of System V are both called so.
    if (first === 'init' || first === '') {
      if (found.includes('/sbin/openrc')) return { service_mgr: 'openrc' };
      return { service_mgr: found.includes('/etc/init.d') ? 'sysvinit' : 'service' };
    }
    return { service_mgr: first.replace(/-init$/, '') };
  },
};

export const security: Collector = {
  name: 'selinux',
  minimal: true,
  parts: ['apparmor', 'fips'],
  facts: ['apparmor', 'fips', 'selinux'],
  files: [
    '/proc/sys/crypto/fips_enabled',
    '/sys/fs/selinux/enforce',
    '/sys/fs/selinux/policyvers',
    '/etc/selinux/config',
    '/sys/module/apparmor/parameters/enabled',
  ],
  script: `vz apparmor; [ ! -e /sys/kernel/security/apparmor ] || echo enabled`,
  parse(source) {
    const armor = source.output('apparmor') !== '' || source.first('/sys/module/apparmor/parameters/enabled') === 'Y';
    return {
      fips: source.first('/proc/sys/crypto/fips_enabled') === '1',
      apparmor: { status: armor ? 'enabled' : 'disabled' },
      selinux: selinux(source),
    };
  },
};

function selinux(source: FactSource): JsonObject {
  const enforce = source.first('/sys/fs/selinux/enforce');
  if (enforce === undefined) return { status: 'disabled' };
  const config = assignments(source.lines('/etc/selinux/config'));
  return {
    status: 'enabled',
    mode: enforce === '1' ? 'enforcing' : 'permissive',
    config_mode: config.get('SELINUX') ?? 'unknown',
    type: config.get('SELINUXTYPE') ?? 'unknown',
    policyvers: Number(source.first('/sys/fs/selinux/policyvers') ?? 0) || 'unknown',
  };
}

export const sshKeys: Collector = {
  name: 'ssh_pub_keys',
  minimal: true,
  parts: [
    'ssh_host_key_dsa_public',
    'ssh_host_key_ecdsa_public',
    'ssh_host_key_ed25519_public',
    'ssh_host_key_rsa_public',
    'ssh_host_pub_keys',
  ],
  facts: ['dsa', 'ecdsa', 'ed25519', 'rsa'].flatMap((kind) => [
    `ssh_host_key_${kind}_public`,
    `ssh_host_key_${kind}_public_keytype`,
  ]),
  files: ['/etc/ssh/ssh_host_*_key.pub'],
  parse(source) {
    const keys: Record<string, string> = {};
    for (const [[, kind = ''], [line = '']] of source.matching(/^\/etc\/ssh\/ssh_host_(\w+)_key\.pub$/)) {
      const [type = '', key = ''] = line.split(' ');
      keys[`ssh_host_key_${kind}_public`] = key;
      keys[`ssh_host_key_${kind}_public_keytype`] = type;
    }
    return keys;
  },
};

/** Of the host's own Python, which nothing here needs; without one the facts are missing. */
export const python: Collector = {
  name: 'python',
  minimal: true,
  parts: ['python_version'],
  facts: ['python', 'python_version'],
  // The system's own before one that a user put into the path.
  script: `vz python; for vz_path in /usr/bin/python3 "$(command -v python3)"; do
[ ! -x "$vz_path" ] || { echo "$vz_path"; "$vz_path" -ISBc 'import sys
print(*sys.version_info, sys.implementation.name)'; break; }; done`,
  parse(source) {
    const [executable, version] = source.outputLines('python');
    const [major, minor, micro, level = '', serial, type = ''] = version?.split(' ') ?? [];
    if (executable === undefined || serial === undefined) return {};
    const numbers = { major: Number(major), minor: Number(minor), micro: Number(micro) };
    return {
      python_version: `${numbers.major}.${numbers.minor}.${numbers.micro}`,
      python: {
        executable,
        type,
        version: { ...numbers, releaselevel: level, serial: Number(serial) },
        version_info: [numbers.major, numbers.minor, numbers.micro, level, Number(serial)],
      },
    };
  },
};
