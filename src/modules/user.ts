// Accounts of the host. SSH keys are authorized_key's business.
import { defineModule } from '../core/module.ts';
import { observe, want, type Want } from '../core/resource.ts';
import { VezaError } from '../lib/errors.ts';
import { group } from '../resources/group.ts';
import { user } from '../resources/user.ts';
import type { UserId, UserState } from '../resources/user/state.ts';

interface Args {
  readonly name: string;
  readonly uid?: number;
  readonly group?: string | number;
  readonly groups?: readonly string[] | string;
  readonly append?: boolean;
  readonly comment?: string;
  readonly home?: string;
  readonly shell?: string;
  readonly create_home?: boolean;
  readonly move_home?: boolean;
  readonly password?: string;
  readonly password_lock?: boolean;
  readonly update_password?: 'always' | 'on_create';
  readonly expires?: number;
  readonly state?: 'present' | 'absent';
  readonly skeleton?: string;
  readonly umask?: string;
  readonly system?: boolean;
  readonly non_unique?: boolean;
  readonly remove?: boolean;
  readonly force?: boolean;
}

export default defineModule({
  name: 'user',
  summary: 'Create, change or remove a user account.',
  argumentAliases: { user: 'name', createhome: 'create_home' },
  returns: {
    name: 'The account.',
    state: 'present or absent.',
    uid: 'Its number.',
    group: 'The number of its primary group.',
    groups: 'Its other groups, with commas.',
    home: 'Its home directory.',
    shell: 'Its login shell.',
  },
  schema: {
    type: 'object',
    required: ['name'],
    additionalProperties: false,
    properties: {
      name: { type: 'string', pattern: '^[^\\s:,/-][^\\s:,/]*$', description: 'Name of the account.' },
      state: { enum: ['present', 'absent'], default: 'present', description: 'Whether the account exists.' },
      uid: { type: 'integer', minimum: 0, description: 'Number of the account.' },
      non_unique: { type: 'boolean', default: false, description: 'The number may belong to another account too.' },
      system: { type: 'boolean', default: false, description: 'Make a new account a system account.' },
      group: { type: ['string', 'integer'], description: 'The primary group, by name or number. It must exist.' },
      groups: {
        anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }],
        description: 'The other groups, as a list or separated by commas. They must exist.',
      },
      append: {
        type: 'boolean',
        default: false,
        description: 'Add to the groups that it is in; else it leaves the groups that are not named.',
      },
      comment: { type: 'string', pattern: '^[^:\\n]*$', description: 'Full name or purpose (GECOS).' },
      home: { type: 'string', pattern: '^/[^:\\n]*$', description: 'Home folder.' },
      create_home: { type: 'boolean', default: true, description: 'Make the home folder if it is missing.' },
      move_home: { type: 'boolean', default: false, description: 'Move the home folder when `home` changes.' },
      skeleton: { type: 'string', description: 'Folder whose content a new home begins with.' },
      umask: { type: 'string', pattern: '^[0-7]{3,4}$', description: 'Permissions that a new home does not get.' },
      shell: { type: 'string', pattern: '^[^:\\n]*$', description: 'Login shell.' },
      password: {
        type: 'string',
        writeOnly: true,
        pattern: '^[^:\\n]*$',
        description: 'The hash of the password, as in /etc/shadow; "!" or "*" for none.',
      },
      update_password: {
        enum: ['always', 'on_create'],
        default: 'always',
        description: 'Whether `password` is also set on an account that exists.',
      },
      password_lock: { type: 'boolean', description: 'Lock the password (other ways to log in stay).' },
      expires: { type: 'number', description: 'When the account expires, in seconds since 1970; negative: never.' },
      remove: { type: 'boolean', default: false, description: 'With state=absent: remove the home folder too.' },
      force: { type: 'boolean', default: false, description: 'With state=absent: although it is logged in.' },
    },
  },
  examples: [
    {
      title: 'A service account without login',
      args: { name: 'app', system: true, shell: '/usr/sbin/nologin', create_home: false },
    },
    { title: 'An administrator in one more group', args: { name: 'ada', groups: ['sudo'], append: true } },
    { title: 'No such account, and no home', args: { name: 'old', state: 'absent', remove: true } },
  ],
  wants: (args) => {
    const id = idOf(args);
    if (args.state === 'absent') return [want(user, id, () => null)];
    const primary = primaryGroup(args).group;
    const named = [...(primary === undefined ? [] : [primary]), ...(groupsOf(args) ?? [])];
    const looks: Want[] = [...new Set(named)].map((name) => groupLook(name, args.name));
    return [...looks, want(user, id, (current) => desired(args, current))];
  },
  result: (outcome, args) => {
    if (args.state === 'absent') return { name: args.name, state: 'absent', remove: args.remove ?? false };
    // The engine hands back the state of the kind that the last want named.
    const state = (outcome.changes.at(-1)?.state ?? {}) as Partial<UserState>;
    return {
      name: args.name,
      state: 'present',
      append: args.append ?? false,
      ...(state.uid !== undefined && { uid: state.uid }),
      ...(state.gid !== undefined && { group: state.gid }),
      ...(state.groups !== undefined && { groups: state.groups.join(',') }),
      ...(state.home !== undefined && { home: state.home }),
      ...(state.shell !== undefined && { shell: state.shell }),
      ...(state.comment !== undefined && { comment: state.comment }),
    };
  },
});

function idOf(args: Args): UserId {
  const shadow =
    (args.password !== undefined && args.update_password !== 'on_create') ||
    args.password_lock !== undefined ||
    args.expires !== undefined;
  return {
    name: args.name,
    ...(shadow && args.state !== 'absent' && { shadow: true }),
    ...(args.system === true && { system: true }),
    ...(args.non_unique === true && { nonUnique: true }),
    ...(args.skeleton !== undefined && { skeleton: args.skeleton }),
    ...(args.umask !== undefined && { umask: args.umask }),
    ...(args.remove === true && { remove: true }),
    ...(args.force === true && { force: true }),
  };
}

function groupLook(name: string, owner: string): Want {
  return observe(group, { name }, (current) => {
    if (current) return;
    throw new VezaError('unknown-group', `Group ${name} does not exist, so ${owner} cannot be in it`, {
      hint: `Create it in an earlier task (group: name=${name}).`,
    });
  }).want;
}

function groupsOf(args: Args): readonly string[] | undefined {
  if (args.groups === undefined) return undefined;
  const list = typeof args.groups === 'string' ? args.groups.split(',') : args.groups;
  return list.map((name) => name.trim()).filter((name) => name !== '');
}

function desired(args: Args, current: UserState | null): Partial<UserState> {
  const setsPassword = args.password !== undefined && (current === null || args.update_password !== 'on_create');
  const homeMoves =
    current !== null && args.home !== undefined && args.move_home === true && current.home !== args.home;
  return {
    name: args.name,
    ...(args.uid !== undefined && { uid: args.uid }),
    ...primaryGroup(args),
    ...otherGroups(args, current),
    ...(args.comment !== undefined && { comment: args.comment }),
    ...(args.home !== undefined && { home: args.home }),
    ...(args.shell !== undefined && { shell: args.shell }),
    ...(args.create_home !== false && { homeExists: true }),
    ...(homeMoves && { moveHome: true }),
    ...(setsPassword && { password: withLock(args) }),
    ...(args.password_lock !== undefined && !setsPassword && { locked: args.password_lock }),
    ...(args.expires !== undefined && { expiresDay: args.expires < 0 ? -1 : Math.floor(args.expires / 86_400) }),
  };
}

/** A locked password is its hash behind an exclamation mark. */
function withLock(args: Args): string {
  const hash = (args.password ?? '').replace(/^!+(?=.)/, (mark) => (args.password_lock === undefined ? mark : ''));
  return args.password_lock === true ? `!${hash}` : hash;
}

function primaryGroup({ group: wanted }: Args): Partial<UserState> {
  if (wanted === undefined) return {};
  const isNumber = typeof wanted === 'number' || /^\d+$/.test(wanted);
  return isNumber ? { gid: Number(wanted) } : { group: wanted };
}

function otherGroups(args: Args, current: UserState | null): Partial<UserState> {
  const groups = groupsOf(args);
  if (groups === undefined) return {};
  const kept = args.append === true ? (current?.groups ?? []) : [];
  const all = [...new Set([...kept, ...groups])].filter((name) => name !== (args.group ?? current?.group)).sort();
  return all.length === 0 && current === null ? {} : { groups: all };
}
