// systemd's manager: whether it must read unit files again. Changed unit files say so by what they disturb.
import type { Change } from '../core/change.ts';
import { joinScripts, rawShell, sh, type Script } from '../lib/shell.ts';
import type { Prediction, ResourceKind } from '../core/resource.ts';
import type { UnitScope } from './unit/state.ts';
import { systemctl, userBus } from './unit/systemctl.ts';

export interface SystemdId {
  readonly scope: UnitScope;
  /** Ask every loaded unit whether its file has changed; slow with many units. */
  readonly anyUnit?: boolean;
}

export interface SystemdState {
  readonly needsReload: boolean;
  /** What is done, not what is: false when looked at. */
  readonly reloaded?: boolean;
  readonly reexecuted?: boolean;
}

const scopes: readonly UnitScope[] = ['system', 'user'];

export const systemd: ResourceKind<SystemdId, SystemdState> = {
  kind: 'systemd',
  key: (id) => `systemd:${id.scope}`,
  merge: (first, second) => ({ ...first, anyUnit: first.anyUnit === true || second.anyUnit === true }),
  covers: (known, asked) => asked.anyUnit !== true || known.anyUnit === true,
  probe: (ids) =>
    joinScripts(
      rawShell('LC_ALL=C; export LC_ALL'),
      ...scopes
        .filter((scope) => ids.some((id) => id.scope === scope && id.anyUnit === true))
        .map((scope) =>
          joinScripts(
            scope === 'user' && userBus,
            sh`if ${systemctl(scope)} show --no-pager -p NeedDaemonReload '*' 2>/dev/null | grep -q '^NeedDaemonReload=yes'; then echo ${`stale ${scope}`}; fi`,
          ),
        ),
      rawShell(':'),
    ),
  parse: (output, ids) => {
    const stale = output.split('\n');
    return new Map(
      ids.map((id) => [
        systemd.key(id),
        { needsReload: stale.includes(`stale ${id.scope}`), reloaded: false, reexecuted: false },
      ]),
    );
  },
  apply: (id, change) => apply(id, change),
  predict: () => ({ needsReload: false, reloaded: false, reexecuted: false }),
  disturbs: (id) => {
    const fresh: Prediction = (before) => before && { ...before, needDaemonReload: false };
    return new Map([[`unit:${id.scope}/`, fresh]]);
  },
  verifies: () => [],
};

function apply(id: SystemdId, change: Change<SystemdState>): Script {
  const verb = change.after?.reexecuted === true ? 'daemon-reexec' : 'daemon-reload';
  return joinScripts(id.scope === 'user' && userBus, sh`${systemctl(id.scope)} ${verb} || exit 1`);
}
