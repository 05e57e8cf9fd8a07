// Fedora's and Alpine's packages. Smaller than apt's: no simulation, so what comes along is not predicted.
import { joinScripts, rawShell, sh, type Script } from '../../lib/shell.ts';
import type { PendingChange } from '../../core/resource.ts';
import { environmentOf } from '../support/environment.ts';
import type { PackageId, PackageState } from './state.ts';

type Pending = readonly PendingChange<PackageId, PackageState>[];

export function probeDnf(ids: readonly PackageId[]): Script {
  const latest = ids.filter((id) => id.latest === true).map((id) => id.name);
  return joinScripts(
    sh`rpm -q --qf 'rpm|%{NAME}|%{VERSION}-%{RELEASE}\n' ${ids.map((id) => id.name)} 2>/dev/null`,
    // Exit status 100 says that there are updates: name.arch version repository.
    latest.length > 0 &&
      sh`dnf -q check-update ${latest} 2>/dev/null | sed -n 's/^\\([^ ]*\\)\\.[^ .]*  *\\([^ ]*\\)  *.*/update|\\1|\\2/p'`,
  );
}

export function parseDnf(lines: readonly string[], ids: readonly PackageId[]): Map<string, PackageState> {
  const installed = pairs(lines, 'rpm');
  const updates = pairs(lines, 'update');
  return new Map(ids.map((id) => [id.name, stateOf('dnf', id, installed, updates)]));
}

export function applyDnf(pending: Pending): Script {
  const { install, remove } = split(pending, '-');
  return joinScripts(
    environmentOf(pending[0]?.id.options?.environment),
    install.length > 0 && sh`dnf -y install ${install} || exit 1`,
    remove.length > 0 && sh`dnf -y remove ${remove} || exit 1`,
  );
}

export function probeApk(ids: readonly PackageId[]): Script {
  const latest = ids.filter((id) => id.latest === true).map((id) => id.name);
  return joinScripts(
    sh`apk info -e -v ${ids.map((id) => id.name)} 2>/dev/null | sed -n 's/^\\(.*\\)-\\([^-]*-r[0-9]*\\)$/apk|\\1|\\2/p'`,
    latest.length > 0 &&
      sh`apk version -l '<' ${latest} 2>/dev/null | sed -n 's/^\\(.*\\)-[^-]*-r[0-9]* *< *\\([^ ]*\\).*/update|\\1|\\2/p'`,
  );
}

export function parseApk(lines: readonly string[], ids: readonly PackageId[]): Map<string, PackageState> {
  const installed = pairs(lines, 'apk');
  const updates = pairs(lines, 'update');
  return new Map(ids.map((id) => [id.name, stateOf('apk', id, installed, updates)]));
}

export function applyApk(pending: Pending): Script {
  const { install, remove } = split(pending, '=');
  const upgrade = pending.some(({ id }) => id.latest === true) && rawShell('-u ');
  return joinScripts(
    environmentOf(pending[0]?.id.options?.environment),
    install.length > 0 && sh`apk add ${upgrade}${install} || exit 1`,
    remove.length > 0 && sh`apk del ${remove} || exit 1`,
  );
}

function stateOf(
  manager: 'dnf' | 'apk',
  id: PackageId,
  installed: ReadonlyMap<string, string>,
  updates: ReadonlyMap<string, string>,
): PackageState {
  const version = installed.get(id.name);
  if (version === undefined) return { manager, status: 'absent', configuration: false };
  const newest = id.latest === true ? { candidate: updates.get(id.name) ?? version } : {};
  return { manager, status: 'installed', configuration: true, version, ...newest };
}

function split(pending: Pending, separator: string): { install: string[]; remove: string[] } {
  const install = [];
  const remove = [];
  for (const { id, change } of pending) {
    const { version, status } = change.after ?? {};
    if (status === 'absent') remove.push(id.name);
    else install.push(typeof version === 'string' && id.latest !== true ? `${id.name}${separator}${version}` : id.name);
  }
  return { install, remove };
}

function pairs(lines: readonly string[], tag: string): Map<string, string> {
  const fields = lines.map((line) => line.split('|')).filter((line) => line[0] === tag);
  return new Map(fields.map(([, name = '', version = '']) => [name, version]));
}
