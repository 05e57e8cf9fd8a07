// Owner, group and mode of everything below a folder (`recurse`). The folder itself is a file resource.
import { joinScripts, rawShell, sh, type Script } from '../lib/shell.ts';
import type { Change } from '../core/change.ts';
import type { ResourceKind } from '../core/resource.ts';
import { resolveMode } from './file/mode.ts';
import type { FileType } from './file/state.ts';
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
}

export const tree: ResourceKind<TreeId, TreeState> = {
  kind: 'tree',
  key: (id) => `tree:${id.path} ${JSON.stringify([id.owner, id.group, id.mode])}`,
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
        return [tree.key(id), { below: differs ? 'differs' : 'as wanted' }];
      }),
    );
  },
  apply: (id) => apply(id),
  disturbs: (id, _change: Change<TreeState>) => new Map([[`file:${id.path}/`, undefined]]),
  describe: (id, change) => ({
    attributes: [{ name: `attributes below ${id.path}`, before: change.before?.below, after: change.after?.below }],
  }),
};

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
