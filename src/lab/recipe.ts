// The recipe of the base tree: which packages, and what is changed in it afterwards. Pure; base-tree.ts cooks it.
// A change here changes the key, and the next `up` builds a new tree.
import { createHash } from 'node:crypto';
import { basePackages, repositoryPackages, suite } from './packages.ts';
import { rawShell, sh } from '../lib/shell.ts';

export interface Recipe {
  /** Names the cached tree: a hash of everything below. */
  readonly key: string;
  readonly suite: string;
  readonly packages: readonly string[];
  /** Run by mmdebstrap on the controller, with the tree as its argument, before the tree is tidied up. */
  readonly customize: string;
}

/** The user whose login the lab's key opens. */
export const loginUser = 'lab';

/** Where the hosts' only package source lives, inside the hosts. */
const repositoryPath = '/srv/veza-apt';

/** Units that have nothing to do in a lab: no console, no network to configure, nothing to refresh daily. */
const masked = [
  'apt-daily-upgrade.timer',
  'apt-daily.timer',
  'console-getty.service',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'systemd-firstboot.service',
  'systemd-networkd.service',
  'systemd-networkd.socket',
];

/** The recipe for a list of packages that hosts shall be able to install offline. */
export function labRecipe(offline: readonly string[] = repositoryPackages): Recipe {
  const content = { suite, packages: basePackages, customize: customizeScript(offline) };
  const key = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
  return { key, ...content };
}

function customizeScript(offline: readonly string[]): string {
  return sh`#!/bin/sh
set -eu
root=$1

# A local repository: what hosts may install with its dependencies, and what is installed already.
repository=$root${repositoryPath}
mkdir -p "$repository"
APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get --quiet --yes --no-install-recommends --reinstall --download-only install ${offline}
mv "$root"/var/cache/apt/archives/*.deb "$repository"/
cd "$repository"
# apt undoes the escape of an epoch's colon in file: addresses, and would then look for another name.
for file in *%3a*; do mv "$file" "$(printf %s "$file" | sed s/%3a/./g)"; done
apt-ftparchive packages . >Packages
apt-ftparchive release . >Release.new
mv Release.new Release
rm -rf "$root"/etc/apt/sources.list.d/* "$root"/var/lib/apt/lists/*
echo ${`deb [trusted=yes] file:${repositoryPath} ./`} >"$root/etc/apt/sources.list"
chroot "$root" apt-get --quiet update

# The login: an ordinary user with sudo. dash as its shell, so that nothing can come to need bash.
chroot "$root" useradd --create-home --shell /bin/sh --password '*' ${loginUser}
mkdir -p "$root/home/${rawShell(loginUser)}/.ssh"
printf '%s\n' ${`${loginUser} ALL=(ALL:ALL) NOPASSWD: ALL`} >"$root/etc/sudoers.d/${rawShell(loginUser)}"
chmod 0440 "$root/etc/sudoers.d/${rawShell(loginUser)}"
printf '%s\n' 'PermitRootLogin no' 'PasswordAuthentication no' 'UseDNS no' >"$root/etc/ssh/sshd_config.d/veza-lab.conf"
rm -f "$root"/etc/ssh/ssh_host_*

# Hosts know each other by /etc/hosts only: a resolver that cannot be reached costs seconds a look-up.
sed -i 's/^hosts:.*/hosts: files/' "$root/etc/nsswitch.conf"
: >"$root/etc/resolv.conf"
for unit in ${masked}; do ln -sf /dev/null "$root/etc/systemd/system/$unit"; done
# A lab's disk need not survive the controller's loss of power; installing is several times faster.
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/veza-lab"
mkdir -p "$root/etc/systemd/journald.conf.d"
printf '%s\n' '[Journal]' 'Storage=volatile' 'RuntimeMaxUse=16M' >"$root/etc/systemd/journald.conf.d/veza-lab.conf"

if find "$root/usr/bin" "$root/usr/local/bin" -name 'python*' | grep .; then
  echo 'the base tree must not contain Python' >&2
  exit 1
fi
`.text;
}
