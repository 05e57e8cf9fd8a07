// A user account of the host. Scripts carry passwords (hashes) on standard input of chpasswd, never in arguments.
import { applied, type Change } from '../core/change.ts';
import type { Diff, Disturbance, Prediction, ResourceKind } from '../core/resource.ts';
import { sh } from '../lib/shell.ts';
import { accountLines } from './support/accounts.ts';
import { Cursor } from './support/cursor.ts';
import { applyUser } from './user/apply.ts';
import type { UserId, UserState } from './user/state.ts';

export const user: ResourceKind<UserId, UserState> = {
  kind: 'user',
  key: (id) => `user:${id.name}`,
  merge: (first, second) => ({ ...first, shadow: first.shadow === true || second.shadow === true }),
  covers: (known, asked) => asked.shadow !== true || known.shadow === true,
  probe: (ids) => {
    const names = ids.map((id) => id.name);
    const shadowed = ids.filter((id) => id.shadow === true).map((id) => id.name);
    return sh`LC_ALL=C; export LC_ALL
vz_accounts() {
  database=$1
  shift
  if command -v getent >/dev/null 2>&1; then getent "$database" "$@"; else cat "/etc/$database" 2>/dev/null; fi
}
users=$(vz_accounts passwd ${names})
printf '%s\n' "$users" | while IFS=: read -r name x uid gid comment home shell; do
  if [ -n "$home" ] && [ -d "$home" ]; then printf 'home %s\n' "$name"; fi
done
echo end
printf '%s\n' "$users"
echo end
vz_accounts group
echo end
${shadowed.length > 0 && sh`vz_accounts shadow ${shadowed}`}
echo end`;
  },
  parse,
  apply: applyUser,
  predict: (id, change, current) => {
    const next = applied(current, change);
    if (next === null || change.after === null) return null;
    const { moveHome: _moved, ...state } = withoutStaleGroup(next, change.after);
    return change.action === 'create'
      ? {
          ...state,
          ...(state.gid === undefined && { group: state.group ?? id.name }),
          groups: state.groups ?? [],
          home: state.home ?? `/home/${id.name}`,
          homeExists: state.homeExists ?? false,
        }
      : state;
  },
  verifies: (_id, change) => {
    const keys = Object.keys(change.after ?? {}) as (keyof UserState)[];
    return keys.filter((key) => key !== 'moveHome' && key !== 'password');
  },
  disturbs,
  describe,
};

/** A new name of the primary group makes the old number stale, and the other way round. */
function withoutStaleGroup(state: UserState, after: Partial<UserState>): UserState {
  const { group, gid, ...rest } = state;
  if (after.group !== undefined && after.gid === undefined) return { ...rest, group: after.group };
  if (after.gid !== undefined && after.group === undefined) return { ...rest, gid: after.gid };
  return { ...rest, ...(group !== undefined && { group }), ...(gid !== undefined && { gid }) };
}

function parse(output: string, ids: readonly UserId[]): Map<string, UserState | null> {
  const cursor = new Cursor(output, 'users');
  const homes = new Set<string>();
  while (!cursor.take('end\n')) {
    cursor.expect('home ');
    homes.add(cursor.until('\n'));
  }
  const users = accountLines(section(cursor));
  const groups = accountLines(section(cursor));
  const shadow = accountLines(section(cursor));
  const groupNames = new Map([...groups.values()].map((fields) => [fields[2], fields[0]]));
  return new Map(
    ids.map((id) => {
      const fields = users.get(id.name);
      if (!fields) return [user.key(id), null];
      const [, , uid, gid, comment = '', home = '', shell = ''] = fields;
      const memberOf = [...groups.values()].filter((line) => line[3]?.split(',').includes(id.name));
      const password = shadow.get(id.name)?.[1];
      const expires = shadow.get(id.name)?.[7];
      const state: UserState = {
        name: id.name,
        uid: Number(uid),
        gid: Number(gid),
        group: groupNames.get(gid) ?? String(gid),
        groups: memberOf.map((line) => line[0] ?? '').sort(),
        comment,
        home,
        shell,
        homeExists: homes.has(id.name),
        ...(password !== undefined && { password, locked: password.startsWith('!') }),
        ...(expires !== undefined && { expiresDay: expires === '' ? -1 : Number(expires) }),
      };
      return [user.key(id), state];
    }),
  );
}

/** A section's text; a section may be empty. */
function section(cursor: Cursor): string {
  return cursor.take('end\n') ? '' : cursor.until('\nend\n');
}

function disturbs(id: UserId, change: Change<UserState>, current: UserState | null): Disturbance {
  const others = new Map<string, Prediction>();
  const exists = (before: object | null): object => before ?? { name: id.name };
  if (change.action === 'create') {
    // useradd makes a group of the user's name unless it is told one.
    if (change.after?.group === undefined && change.after?.gid === undefined) others.set(`group:${id.name}`, exists);
    if (change.after?.homeExists === true)
      others.set(`file:${change.after.home ?? `/home/${id.name}`}`, newHome(id.name));
    return others;
  }
  if (change.after === null) {
    // userdel removes the group of the user's name when nobody else is in it.
    others.set(`group:${id.name}`, undefined).set('file:', unlessOwnedBy(id.name));
    if (id.remove === true && current?.home)
      others.set(`file:${current.home}`, null).set(`file:${current.home}/`, null);
    return others;
  }
  if (change.after.uid !== undefined) others.set('file:', unlessOwnedBy(id.name));
  if (change.after.moveHome === true)
    others.set(`file:${current?.home ?? ''}/`, undefined).set(`file:${change.after.home ?? ''}/`, undefined);
  if (change.after.homeExists === true && current?.home) others.set(`file:${current.home}`, undefined);
  return others;
}

/** Only what the account owns shows another owner when its number changes or goes. */
function unlessOwnedBy(name: string): Prediction {
  return (before: object | null) => (before && 'owner' in before && before.owner === name ? undefined : before);
}

function newHome(name: string): Prediction {
  return (before: object | null) => before ?? { type: 'directory', mode: '0700', owner: name, group: name };
}

function describe(id: UserId, change: Change<UserState>, current: UserState | null): Diff {
  if (change.after === null) return { attributes: [{ name: 'user', before: id.name, after: undefined }] };
  const names = Object.keys(change.after) as (keyof UserState)[];
  return {
    attributes: names
      .filter((name) => name !== 'name' || change.action === 'create')
      .map((name) =>
        // The values stay here: what is not handed on cannot be shown by mistake.
        name === 'password'
          ? { name, before: current?.password && '(hidden)', after: '(hidden, another)', secret: true }
          : { name, before: change.before?.[name], after: change.after?.[name] },
      ),
  };
}
