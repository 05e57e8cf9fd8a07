// A group of the host. Its members are the business of users.
import { joinScripts, rawShell, sh, type Script } from '../lib/shell.ts';
import type { Change } from '../core/change.ts';
import type { Prediction, ResourceKind } from '../core/resource.ts';
import { accountLines, missingTool } from './support/accounts.ts';

export interface GroupId {
  readonly name: string;
  /** For a new one: from the range of system groups. */
  readonly system?: boolean;
  /** The number may be one that another group has. */
  readonly nonUnique?: boolean;
}

export interface GroupState {
  readonly name: string;
  /** Missing where it is only predicted. */
  readonly gid?: number;
}

export const group: ResourceKind<GroupId, GroupState> = {
  kind: 'group',
  key: (id) => `group:${id.name}`,
  probe: (ids) => {
    const names = ids.map((id) => id.name);
    return sh`LC_ALL=C; export LC_ALL
if command -v getent >/dev/null 2>&1; then getent group ${names}; else cat /etc/group; fi
:`;
  },
  parse: (output, ids) => {
    const found = accountLines(output);
    return new Map(
      ids.map((id) => {
        const gid = found.get(id.name)?.[2];
        return [group.key(id), gid === undefined ? null : { name: id.name, gid: Number(gid) }];
      }),
    );
  },
  apply,
  predict: (id, change) => (change.after === null ? null : { ...change.after, name: id.name }),
  disturbs: (id, change) => {
    if (change.action === 'create') return new Map();
    // What shows the group's name shows another one when its number changes or goes.
    const unlessInIt: Prediction = (before: object | null) =>
      before && 'group' in before && before.group === id.name ? undefined : before;
    return new Map([
      ['file:', unlessInIt],
      ['user:', unlessInIt],
    ]);
  },
};

function apply(id: GroupId, change: Change<GroupState>): Script {
  const { name } = id;
  if (change.after === null) {
    return sh`if command -v groupdel >/dev/null 2>&1; then groupdel ${name}; else delgroup ${name}; fi || exit 1`;
  }
  const gid = change.after.gid;
  const numbered = gid !== undefined && sh` -g ${gid}`;
  const unique = id.nonUnique === true && rawShell(' -o');
  if (change.action === 'create') {
    const system = id.system === true;
    return sh`if command -v groupadd >/dev/null 2>&1; then groupadd${system && rawShell(' -r')}${numbered}${unique} ${name}
else addgroup${system && rawShell(' -S')}${numbered} ${name}; fi || exit 1`;
  }
  return joinScripts(missingTool('groupmod'), sh`groupmod${numbered}${unique} ${name} || exit 1`);
}
