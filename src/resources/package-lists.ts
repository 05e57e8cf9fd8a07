// The package manager's lists of what there is to install, and how old they are.
import { unknown } from '../core/unknown.ts';
import { joinScripts, rawShell, sh, type Script } from '../lib/shell.ts';
import type { Prediction, ResourceKind } from '../core/resource.ts';
import { VezaError } from '../lib/errors.ts';
import { environmentOf } from './support/environment.ts';

export interface PackageListsId {
  readonly lockTimeoutSeconds?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface PackageListsState {
  /** Seconds since they were read; null: never, or the manager keeps no such time. */
  readonly ageSeconds: number | null;
}

export const packageLists: ResourceKind<PackageListsId, PackageListsState> = {
  kind: 'package-lists',
  key: () => 'package-lists:host',
  probe: () =>
    rawShell(`LC_ALL=C; export LC_ALL
date '+now %s'
for path in /var/lib/apt/periodic/update-success-stamp /var/lib/apt/lists /var/cache/apk /lib/apk/db /var/cache/dnf; do
  if [ -e "$path" ]; then stat -c 'read %Y' "$path"; case $path in */periodic/*) ;; *) break ;; esac; fi
done
:`),
  parse: (output, ids) => {
    const now = Number(/^now (\d+)$/m.exec(output.replace(/\r/g, ''))?.[1] ?? Number.NaN);
    if (Number.isNaN(now)) {
      throw new VezaError('probe-output', `the look at package lists printed ${JSON.stringify(output.slice(0, 80))}`);
    }
    const times = [...output.matchAll(/^read (\d+)$/gm)].map((match) => Number(match[1]));
    const ageSeconds = times.length === 0 ? null : Math.max(0, now - Math.max(...times));
    return new Map(ids.map((id) => [packageLists.key(id), { ageSeconds }]));
  },
  apply: (id) => apply(id),
  predict: () => ({ ageSeconds: 0 }),
  disturbs: () => {
    const newer: Prediction = (before) => {
      // What the old lists offer the new ones offer too; what they do not may be in them or not.
      if (!before || ('candidate' in before && before.candidate === null)) return undefined;
      return { ...before, candidate: unknown('depends on reading the package lists') };
    };
    return new Map([['package:', newer]]);
  },
  verifies: () => [],
  passing: ['ageSeconds'],
  describe: (_id, change) => ({
    attributes: [
      { name: 'package lists', before: age(change.before?.ageSeconds), after: age(change.after?.ageSeconds) },
    ],
  }),
};

function age(seconds: number | null | undefined): string {
  if (seconds === 0) return 'up to date';
  return seconds === null || seconds === undefined ? 'never read' : `${seconds} s old`;
}

function apply(id: PackageListsId): Script {
  return joinScripts(
    environmentOf(id.environment),
    rawShell('if command -v apt-get >/dev/null 2>&1; then'),
    // Without the stamp a second run would not know: apt touches the folder only when a list changed.
    sh`  apt-get -q -o ${`DPkg::Lock::Timeout=${id.lockTimeoutSeconds ?? 60}`} update || exit 1
  touch -c /var/lib/apt/lists`,
    rawShell(`elif command -v dnf >/dev/null 2>&1; then dnf -q -y makecache || exit 1
elif command -v apk >/dev/null 2>&1; then apk update || exit 1
else echo 'the host has neither apt, dnf nor apk' >&2; exit 1
fi`),
  );
}
