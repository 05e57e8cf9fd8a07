// Which distribution a host runs, under the names that Ansible's users compare with.
import type { JsonObject } from '../../lib/json.ts';
import { assignments, type Collector, type FactSource } from './source.ts';

const releaseFiles = [
  '/etc/oracle-release',
  '/etc/rocky-release',
  '/etc/almalinux-release',
  '/etc/centos-release',
  '/etc/fedora-release',
  '/etc/redhat-release',
  '/etc/system-release',
];

export const distribution: Collector = {
  name: 'distribution',
  minimal: true,
  parts: ['distribution_major_version', 'distribution_release', 'distribution_version', 'os_family'],
  facts: [
    'distribution',
    'distribution_file_parsed',
    'distribution_file_path',
    'distribution_file_variety',
    'distribution_major_version',
    'distribution_minor_version',
    'distribution_release',
    'distribution_version',
    'os_family',
  ],
  files: ['/etc/os-release', '/usr/lib/os-release', '/etc/debian_version', '/etc/alpine-release', ...releaseFiles],
  parse: (source) => {
    const found = find(source);
    const [major = '', minor] = found.version.split('.');
    return {
      distribution: found.name,
      distribution_version: found.version || 'NA',
      distribution_major_version: major || 'NA',
      ...(minor === undefined ? {} : { distribution_minor_version: minor }),
      distribution_release: found.release || 'NA',
      os_family: familyOf(found.name, found.like),
      ...(found.file === undefined
        ? {}
        : {
            distribution_file_parsed: true,
            distribution_file_path: found.file,
            distribution_file_variety: found.variety,
          }),
    } satisfies JsonObject;
  },
};

interface Found {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly like: string;
  readonly file?: string;
  readonly variety: string;
}

/** Ansible's names by the `ID` of os-release; others are called as they call themselves. */
const names: Readonly<Record<string, string>> = {
  almalinux: 'AlmaLinux',
  alpine: 'Alpine',
  amzn: 'Amazon',
  arch: 'Archlinux',
  centos: 'CentOS',
  debian: 'Debian',
  devuan: 'Devuan',
  fedora: 'Fedora',
  gentoo: 'Gentoo',
  kali: 'Kali',
  linuxmint: 'Linux Mint',
  manjaro: 'Manjaro',
  nixos: 'NixOS',
  ol: 'OracleLinux',
  openEuler: 'openEuler',
  opensuse: 'openSUSE',
  'opensuse-leap': 'openSUSE Leap',
  'opensuse-tumbleweed': 'openSUSE Tumbleweed',
  pop: 'Pop!_OS',
  raspbian: 'Debian',
  rhel: 'RedHat',
  rocky: 'Rocky',
  slackware: 'Slackware',
  sled: 'SLED',
  sles: 'SLES',
  ubuntu: 'Ubuntu',
  void: 'Void',
};

function find(source: FactSource): Found {
  const file = ['/etc/os-release', '/usr/lib/os-release'].find((path) => source.has(path));
  const release = assignments(file === undefined ? [] : source.lines(file));
  const id = release.get('ID') ?? '';
  const name = names[id] ?? release.get('NAME') ?? 'Linux';
  const base = {
    name,
    version: release.get('VERSION_ID') ?? '',
    release: release.get('VERSION_CODENAME') ?? '',
    like: `${id} ${release.get('ID_LIKE') ?? ''}`,
    variety: varietyOf(name),
    ...(file === undefined ? {} : { file }),
  };
  if (name === 'Debian') return { ...base, version: debianVersion(source) ?? base.version };
  if (name === 'Alpine') return alpine(source, base);
  return /\b(?:rhel|fedora|centos)\b/.test(base.like) || id === '' ? redHat(source, base) : base;
}

function varietyOf(name: string): string {
  if (['Debian', 'Ubuntu', 'Kali', 'Devuan'].includes(name)) return 'Debian';
  return /^(?:openSUSE|SLE)/.test(name) ? 'SUSE' : name.replaceAll(' ', '');
}

/** `12.11`; `trixie/sid` says nothing of a version. */
function debianVersion(source: FactSource): string | undefined {
  const version = source.first('/etc/debian_version');
  return version !== undefined && /^\d/.test(version) ? version : undefined;
}

function alpine(source: FactSource, base: Found): Found {
  const version = source.first('/etc/alpine-release');
  return version === undefined ? base : { ...base, version, file: '/etc/alpine-release' };
}

/** `Rocky Linux release 9.4 (Blue Onyx)`: the number there is longer than that of os-release. */
function redHat(source: FactSource, base: Found): Found {
  const file = releaseFiles.find((path) => / release \d/.test(source.first(path) ?? ''));
  const [, title = '', version, codename = ''] =
    /^(.*?) release ([\d.]+)\S*(?: \(([^)]*)\))?/.exec(file === undefined ? '' : (source.first(file) ?? '')) ?? [];
  if (file === undefined || version === undefined) return base;
  const stream = /\bStream\b/.test(title) ? 'Stream' : codename;
  const name = base.like.trim() === '' ? (title.split(' ')[0] ?? 'RedHat') : base.name;
  return { ...base, name, version, release: base.release || stream, file, variety: 'RedHat' };
}

const families: Readonly<Record<string, readonly string[]>> = {
  Debian: ['debian', 'ubuntu'],
  RedHat: ['rhel', 'fedora', 'centos', 'amzn', 'openEuler'],
  Suse: ['suse', 'opensuse', 'sles', 'sled'],
  Alpine: ['alpine'],
  Archlinux: ['arch'],
  Gentoo: ['gentoo'],
};

function familyOf(name: string, like: string): string {
  const words = like.split(/\s+/);
  const family = Object.entries(families).find(([, ids]) => ids.some((id) => words.includes(id)));
  return family?.[0] ?? (/^(?:RedHat|CentOS|Fedora|Amazon|Oracle)/.test(name) ? 'RedHat' : name);
}
