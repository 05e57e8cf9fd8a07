// A package of the host's package manager. All changes of one task are one transaction.
import { applied, type Change } from '../core/change.ts';
import type { Disturbance, PendingChange, Prediction, ResourceKind } from '../core/resource.ts';
import { unknown } from '../core/unknown.ts';
import { VezaError } from '../lib/errors.ts';
import { joinScripts, rawShell, type Script } from '../lib/shell.ts';
import { applyApt, parseApt, probeApt } from './package/apt.ts';
import { applyApk, applyDnf, parseApk, parseDnf, probeApk, probeDnf } from './package/others.ts';
import type { PackageId, PackageManager, PackageState } from './package/state.ts';

export const packageKind: ResourceKind<PackageId, PackageState> = {
  kind: 'package',
  key: (id) => `package:${id.name}`,
  merge: (first, second) => ({
    ...first,
    latest: first.latest === true || second.latest === true,
    leaving: first.leaving === true || second.leaving === true,
  }),
  covers: (known, asked) =>
    (asked.latest !== true || known.latest === true) && (asked.leaving !== true || known.leaving === true),
  probe,
  parse,
  apply: (id, change, current) => applyTogether([{ id, change, current }]),
  applyAll: applyTogether,
  predict: (id, change, current) => predict(id, change, current),
  disturbs,
  verifies: (_id, change) =>
    // A version pattern is not the version that comes, and `latest` may find a newer one by then.
    change.after?.status === undefined ? [] : ['status' as const],
  describe: (id, change, current) => ({
    attributes: [{ name: id.name, before: shown(current), after: shownAfter(change, current) }],
  }),
};

function probe(ids: readonly PackageId[]): Script {
  return joinScripts(
    rawShell(`LC_ALL=C; export LC_ALL
vz_manager=none
if command -v apt-get >/dev/null 2>&1 && command -v dpkg-query >/dev/null 2>&1; then vz_manager=apt
elif command -v dnf >/dev/null 2>&1; then vz_manager=dnf
elif command -v apk >/dev/null 2>&1; then vz_manager=apk
fi
printf 'manager|%s\\n' "$vz_manager"
case $vz_manager in
apt)`),
    probeApt(ids),
    rawShell(';;\ndnf)'),
    probeDnf(ids),
    rawShell(';;\napk)'),
    probeApk(ids),
    rawShell(';;\nesac\n:'),
  );
}

const parsers: Readonly<Record<PackageManager, typeof parseApt>> = { apt: parseApt, dnf: parseDnf, apk: parseApk };

function parse(output: string, ids: readonly PackageId[]): Map<string, PackageState | null> {
  const lines = output.split('\n');
  const manager = /^manager\|(apt|dnf|apk|none)$/.exec(lines[0] ?? '')?.[1];
  if (manager === undefined) {
    throw new VezaError('probe-output', `the look at packages printed ${JSON.stringify(output.slice(0, 80))}`);
  }
  const found = isManager(manager) ? parsers[manager](lines, ids) : new Map<string, PackageState>();
  return new Map(
    ids.map((id) => [
      packageKind.key(id),
      found.get(id.name) ?? { manager: 'none' as const, status: 'absent' as const, configuration: false },
    ]),
  );
}

const appliers: Readonly<Record<PackageManager, typeof applyApt>> = { apt: applyApt, dnf: applyDnf, apk: applyApk };

function applyTogether(pending: readonly PendingChange<PackageId, PackageState>[]): Script {
  const manager = pending[0]?.current?.manager;
  if (!isManager(manager)) throw new VezaError('no-package-manager', 'the host has neither apt, dnf nor apk');
  return appliers[manager](pending);
}

function isManager(name: string | undefined): name is PackageManager {
  return name === 'apt' || name === 'dnf' || name === 'apk';
}

function predict(id: PackageId, change: Change<PackageState>, current: PackageState | null): PackageState | null {
  const next = applied(current, change);
  if (!next) return null;
  const { version, brings: _brings, takes: _takes, providedBy: _providedBy, ...rest } = next;
  if (next.status !== 'installed') return rest;
  const newest = typeof next.candidate === 'string' ? next.candidate : undefined;
  const expected = change.after?.version ?? (change.after?.status === 'installed' || id.latest ? newest : version);
  return { ...rest, configuration: true, ...(expected !== undefined && { version: expected }) };
}

function disturbs(id: PackageId, change: Change<PackageState>, current: PackageState | null): Disturbance {
  const others = new Map<string, Prediction>([
    ['*', undefined],
    // What the simulation named is predicted; of other packages nothing changes.
    ['package:', (before) => before],
    ['package-lists:', (before) => before],
    [packageKind.key(id), (before) => before],
  ]);
  if (change.after?.status === 'installed') {
    for (const [name, version] of Object.entries(current?.brings ?? {})) {
      others.set(`package:${name}`, (before) => ({
        manager: 'apt',
        ...before,
        status: 'installed',
        configuration: true,
        version,
      }));
    }
  }
  // What goes along is known only where it was looked up (apt) in the state that counts.
  if (change.after?.status === 'absent' && current?.takes === undefined) others.set('package:', undefined);
  for (const name of current?.takes ?? []) others.set(`package:${name}`, gone);
  return others;
}

function gone(before: object | null): object | null {
  if (before === null) return null;
  const { version: _version, ...rest } = before as PackageState;
  // Not known, so a run looks again; what it would bring along was never looked up.
  return { ...rest, status: 'absent', candidate: unknown('depends on what is removed before') } satisfies PackageState;
}

function shown(state: PackageState | null): string {
  if (state?.status !== 'installed') return state?.configuration === true ? 'removed, configuration kept' : 'absent';
  return typeof state.version === 'string' ? `installed ${state.version}` : 'installed';
}

function shownAfter(change: Change<PackageState>, current: PackageState | null): string {
  const status = change.after?.status ?? current?.status ?? 'absent';
  if (status !== 'installed') return 'absent';
  const version = change.after?.version ?? current?.candidate;
  return typeof version === 'string' ? `installed ${version}` : 'installed';
}
