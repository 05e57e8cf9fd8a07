// Owner, group and mode of everything below a folder (`recurse`). The folder itself is a file resource.
import { joinScripts, rawShell, sh, type Script } from '../lib/shell.ts';
import type { Change } from '../core/change.ts';
import type { Prediction, ResourceKind } from '../core/resource.ts';
import { resolveMode } from './file/mode.ts';
import type { FileFacts, FileState, FileType } from './file/state.ts';
import { Cursor } from './support/cursor.ts';

export interface TreeId {
  readonly path: string;
  readonly owner?: string | number;
  readonly group?: string | number;
  readonly mode?: string;
}

/** Whether everything below has the wanted attributes. */
export interface TreeState {
  readonly below: 'as wanted' | 'differs';
  /** What was asked for, so that changes of single files can be judged by it. */
  readonly wanted?: TreeId;
}

/** What the keys of all looks at a tree begin with. */
export function treePrefix(path: string): string {
  return `tree:${path}:`;
}

/** What a tree will be when something below it has become `next`. */
export function afterChangeBelow(next: FileFacts | null): Prediction {
  return (before) => {
    const { below, wanted } = (before ?? {}) as Partial<TreeState>;
    if (!wanted || below !== 'as wanted') return undefined;
    if (next === null) return before;
    const fits = [
      wanted.owner === undefined || fitsId(wanted.owner, next.owner, next.uid),
      wanted.group === undefined || fitsId(wanted.group, next.group, next.gid),
      wanted.mode === undefined || next.type === 'link' || resolveMode(wanted.mode, next.mode, next.type) === next.mode,
    ];
    if (fits.includes(false)) return { wanted, below: 'differs' } satisfies TreeState;
    return fits.includes(undefined) ? undefined : before;
  };
}

/** Undefined where it cannot be told. */
function fitsId(wanted: string | number, name: string | undefined, id: number | undefined): boolean | undefined {
  const is = typeof wanted === 'number' ? id : name;
  return is === undefined ? undefined : is === wanted;
}

export const tree: ResourceKind<TreeId, TreeState> = {
  kind: 'tree',
  key: (id) => `${treePrefix(id.path)}${JSON.stringify([id.owner, id.group, id.mode])}`,
  probe: (ids) =>
    joinScripts(
      rawShell('LC_ALL=C; export LC_ALL'),
      ...ids.map((id) =>
        joinScripts(
          // Few different lines, however many files there are. The folder is left out: it is its own resource.
          sh`if [ -d ${id.path} ]; then find ${`${id.path}/`} ! -path ${`${id.path}/`} -exec stat -c '%f|%u|%g|%U|%G' {} + 2>/dev/null | sort -u; fi`,
          rawShell('echo end'),
        ),
      ),
    ),
  parse: (output, ids) => {
    const cursor = new Cursor(output, 'trees');
    return new Map(
      ids.map((id) => {
        const lines = cursor.take('end\n') ? [] : cursor.until('\nend\n').split('\n');
        const differs = lines.some((line) => !isAsWanted(line, id));
        return [tree.key(id), { below: differs ? 'differs' : 'as wanted', wanted: id }];
      }),
    );
  },
  apply: (id) => apply(id),
  disturbs: (id, _change: Change<TreeState>) => new Map([[`file:${id.path}/`, (before) => withAttributes(id, before)]]),
  describe: (id, change) => ({
    attributes: [{ name: `attributes below ${id.path}`, before: change.before?.below, after: change.after?.below }],
  }),
};

function withAttributes(id: TreeId, before: object | null): object | null {
  if (before === null) return null;
  const { owner, uid, group, gid, ...rest } = before as FileState;
  const user =
    id.owner === undefined ? { owner, uid } : typeof id.owner === 'number' ? { uid: id.owner } : { owner: id.owner };
  const team =
    id.group === undefined ? { group, gid } : typeof id.group === 'number' ? { gid: id.group } : { group: id.group };
  const mode = id.mode === undefined || rest.type === 'link' ? rest.mode : resolveMode(id.mode, rest.mode, rest.type);
  const state = Object.entries({ ...rest, ...user, ...team, mode });
  return Object.fromEntries(state.filter(([, value]) => value !== undefined));
}

function isAsWanted(line: string, id: TreeId): boolean {
  const [raw = '0', uid, gid, owner, group] = line.split('|');
  const bits = parseInt(raw, 16);
  const isLink = (bits & 0o170000) === 0o120000;
  const type: FileType = (bits & 0o170000) === 0o040000 ? 'directory' : 'file';
  const mode = (bits & 0o7777).toString(8).padStart(4, '0');
  return (
    (id.owner === undefined || String(id.owner) === (typeof id.owner === 'number' ? uid : owner)) &&
    (id.group === undefined || String(id.group) === (typeof id.group === 'number' ? gid : group)) &&
    (id.mode === undefined || isLink || resolveMode(id.mode, mode, type) === mode)
  );
}

function apply(id: TreeId): Script {
  const owner =
    id.owner === undefined && id.group === undefined
      ? null
      : `${id.owner ?? ''}${id.group === undefined ? '' : `:${id.group}`}`;
  const below = sh`find ${`${id.path}/`} ! -path ${`${id.path}/`}`;
  return joinScripts(
    owner !== null && sh`${below} -exec chown -h ${owner} {} + || exit 1`,
    // Links lead elsewhere; depth first, so that a folder is closed only after what is in it.
    id.mode !== undefined && sh`${below} ! -type l -depth -exec chmod ${id.mode} {} + || exit 1`,
  );
}
