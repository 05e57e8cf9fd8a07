// Facts of a path, to be registered.
import { defineModule, untold } from '../core/module.ts';
import { want } from '../core/resource.ts';
import type { JsonObject } from '../lib/json.ts';
import { file } from '../resources/file.ts';
import { filePath } from '../resources/file/path.ts';
import type { DigestName, FileFacts, FileState } from '../resources/file/state.ts';

export default defineModule({
  name: 'stat',
  summary: 'Look at a path: whether it exists, what it is, whose it is.',
  argumentAliases: { dest: 'path', name: 'path', checksum: 'checksum_algorithm', checksum_algo: 'checksum_algorithm' },
  returns: {
    stat: 'exists, path, isreg, isdir, islnk, mode, pw_name, gr_name, uid, gid, size, mtime, lnk_target, checksum, ...',
  },
  schema: {
    type: 'object',
    required: ['path'],
    additionalProperties: false,
    properties: {
      path: { type: 'string', pattern: '^/', description: 'Absolute path on the host.', $comment: 'Begin it with /.' },
      follow: { type: 'boolean', default: false, description: 'Look at what a symbolic link leads to.' },
      get_checksum: { type: 'boolean', default: true, description: 'Compute a checksum of a file.' },
      checksum_algorithm: {
        enum: ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'],
        default: 'sha1',
        description: 'Which checksum.',
      },
      get_mime: { type: 'boolean', default: false, description: 'Taken for compatibility; not reported.' },
      get_attributes: { type: 'boolean', default: false, description: 'Taken for compatibility; not reported.' },
    },
  },
  examples: [
    { title: 'Does it exist?', args: { path: '/etc/app.conf', get_checksum: false } },
    { title: 'Its SHA-256', args: { path: '/usr/bin/node', follow: true, checksum_algorithm: 'sha256' } },
  ],
  wants: (args) => {
    const digest = args.get_checksum === false ? {} : { digests: [algorithmOf(args)] };
    return [want(file, { path: filePath(args.path), access: true, ...digest }, () => ({}))];
  },
  result: (outcome, args) => {
    // The only want is of the kind file.
    const state = (outcome.changes[0]?.state ?? null) as FileState | null;
    const facts: FileState | null = args.follow === true && state?.type === 'link' ? (state.to ?? null) : state;
    if (!facts) return { stat: { exists: false } };
    const checksum = args.get_checksum === false ? undefined : facts.digests?.[algorithmOf(args)];
    const link = facts.type === 'link' && facts.target !== undefined ? { lnk_target: facts.target } : {};
    return {
      stat: {
        exists: true,
        path: args.path,
        ...typeFlags(facts),
        ...numbers(facts),
        ...permissions(facts.mode),
        ...accessFlags(state?.access),
        ...link,
        ...(checksum !== undefined && { checksum }),
        ...(isForeseen(facts) && unforeseeable(facts, args.get_checksum !== false)),
      },
    };
  },
});

/** Every look reads the inode; what a dry run foresees has none. */
function isForeseen(facts: FileFacts): boolean {
  return facts.inode === undefined;
}

function unforeseeable(facts: FileFacts, checksum: boolean): JsonObject {
  const names = ['pw_name', 'gr_name', 'uid', 'gid', 'size', 'mtime', 'atime', 'ctime', 'inode', 'dev', 'nlink'];
  if (checksum && facts.type === 'file') names.push('checksum');
  const told = numbers(facts);
  return Object.fromEntries(
    names.filter((name) => !(name in told)).map((name) => [name, untold('a dry run cannot tell it')]),
  );
}

function algorithmOf(args: { readonly checksum_algorithm?: DigestName }): DigestName {
  return args.checksum_algorithm ?? 'sha1';
}

function typeFlags({ type }: FileFacts): JsonObject {
  return {
    isreg: type === 'file',
    isdir: type === 'directory',
    islnk: type === 'link',
    ischr: type === 'char',
    isblk: type === 'block',
    isfifo: type === 'fifo',
    issock: type === 'socket',
  };
}

function numbers(facts: FileFacts): JsonObject {
  const pairs: [string, string | number | undefined][] = [
    ['mode', facts.mode],
    ['pw_name', facts.owner],
    ['gr_name', facts.group],
    ['uid', facts.uid],
    ['gid', facts.gid],
    ['size', facts.sizeBytes],
    ['mtime', facts.modifiedAt],
    ['atime', facts.accessedAt],
    ['ctime', facts.changedAt],
    ['inode', facts.inode],
    ['dev', facts.device],
    ['nlink', facts.links],
  ];
  return Object.fromEntries(pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

function permissions(mode: string): JsonObject {
  const bits = parseInt(mode, 8);
  const flags: Record<string, boolean> = {
    isuid: (bits & 0o4000) !== 0,
    isgid: (bits & 0o2000) !== 0,
  };
  for (const [who, shift] of [
    ['usr', 6],
    ['grp', 3],
    ['oth', 0],
  ] as const) {
    for (const [what, bit] of [
      ['r', 4],
      ['w', 2],
      ['x', 1],
    ] as const) {
      flags[`${what}${who}`] = ((bits >> shift) & bit) !== 0;
    }
  }
  return flags;
}

function accessFlags(access: string | undefined): JsonObject {
  if (access === undefined) return {};
  return { readable: access.includes('r'), writeable: access.includes('w'), executable: access.includes('x') };
}
