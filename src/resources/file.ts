// A path on a host: a file, a folder or a link, with its attributes and its content.
// Whole trees of attributes are tree.ts; which wants a module makes of its arguments is modules/shared/files.ts.
import { applied, type Change } from '../core/change.ts';
import { limits } from '../lib/limits.ts';
import type { AttributeDiff, Diff, Disturbance, Prediction, ResourceKind, TextDiff } from '../core/resource.ts';
import type { Json } from '../lib/json.ts';
import { applyFile } from './file/apply.ts';
import { defaultMode } from './file/mode.ts';
import { parseFiles, textOf } from './file/parse.ts';
import { probeFiles } from './file/probe.ts';
import { unitFileDisturbance } from './file/unit-files.ts';
import { afterChangeBelow, treePrefix } from './tree.ts';
import type { FileContent, FileFacts, FileId, FileState } from './file/state.ts';

export const file: ResourceKind<FileId, FileState> = {
  kind: 'file',
  key: (id) => `file:${id.path}`,
  merge: (first, second) => {
    const digests = [...new Set([...(first.digests ?? []), ...(second.digests ?? [])])];
    const text = mergedText(first.unlessSha256, second.unlessSha256);
    return {
      path: first.path,
      ...(digests.length > 0 && { digests }),
      ...(text !== undefined && { unlessSha256: text }),
      ...((first.access || second.access) && { access: true }),
    };
  },
  covers: (known, asked) => {
    const digests = new Set([...(known.digests ?? []), ...(known.unlessSha256 === undefined ? [] : ['sha256'])]);
    const text = asked.unlessSha256 === undefined || [asked.unlessSha256, ''].includes(known.unlessSha256 ?? 'none');
    return text && (asked.digests ?? []).every((name) => digests.has(name)) && (!asked.access || known.access === true);
  },
  probe: probeFiles,
  parse: parseFiles,
  apply: applyFile,
  predict,
  disturbs,
  verifies: (_id, change) => {
    const never = new Set<string>(['touched', 'hardLink', 'text', 'digests', 'to']);
    return keys(change.after).filter((key) => !never.has(key));
  },
  passing: ['accessedAt', 'changedAt', 'modifiedAt', 'access', 'text', 'inode', 'device', 'links', 'digests', 'to'],
  describe,
};

function mergedText(first: string | undefined, second: string | undefined): string | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return first === second ? first : '';
}

function predict(id: FileId, change: Change<FileState>, current: FileState | null): FileState | null {
  const next = applied(current, change);
  if (next === null || change.after === null) return null;
  const { touched: _touched, hardLink: _hardLink, ...rest } = next;
  if (change.after.to) return { ...rest, to: withContent(change.after.to, id.content) };
  const state = withoutStaleNames({ ...rest, mode: rest.mode || defaultMode(rest.type) }, change.after);
  if (change.after.target !== undefined) {
    const { to: _to, sha256: _sha256, text: _text, ...asLink } = state;
    return { ...asLink, mode: '0777' };
  }
  if (change.after.sha256 === undefined) return state;
  const { target: _target, to: _to, ...asFile } = state;
  return withContent(asFile, id.content);
}

/** A new name makes the old number stale, and the other way round. */
function withoutStaleNames(state: FileState, after: Partial<FileState>): FileState {
  const entries = Object.entries({ ...state, mode: after.mode ?? state.mode });
  const stale = new Set<string>();
  if (after.owner !== undefined) stale.add('uid');
  if (after.group !== undefined) stale.add('gid');
  if (after.uid !== undefined && after.owner === undefined) stale.add('owner');
  if (after.gid !== undefined && after.group === undefined) stale.add('group');
  return { type: state.type, mode: state.mode, ...Object.fromEntries(entries.filter(([key]) => !stale.has(key))) };
}

function withContent<S extends FileFacts>(state: S, content: FileContent | undefined): S {
  if (!content) return state;
  const { text: _text, digests: _digests, ...rest } = state;
  const text = textOfContent(content);
  // What is left out is optional in S.
  return { ...rest, sizeBytes: content.sizeBytes, ...(text !== null && { text }) } as unknown as S;
}

function disturbs(id: FileId, change: Change<FileState>, current: FileState | null): Disturbance {
  const others = new Map<string, Prediction>(unitFileDisturbance(id, change));
  if (change.after === null && current?.type === 'directory') others.set(`file:${id.path}/`, null);
  if (current?.type === 'link' || change.after?.target !== undefined) others.set(`file:${id.path}/`, undefined);
  const below = afterChangeBelow(predict(id, change, current));
  for (const folder of foldersAbove(id.path)) others.set(treePrefix(folder), below);
  if (id.path === '/etc/passwd') others.set('user:', undefined);
  if (id.path === '/etc/group') others.set('group:', undefined).set('user:', undefined);
  return others;
}

function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}

const shownAttributes = ['type', 'mode', 'owner', 'group', 'uid', 'gid', 'target', 'hardLink', 'touched'] as const;

function describe(id: FileId, change: Change<FileState>, current: FileState | null): Diff {
  const before: Partial<FileState> | null = change.after?.to ? (current?.to ?? null) : change.before;
  const after: Partial<FileState> | null = change.after?.to ?? change.after;
  const attributes: AttributeDiff[] = [];
  for (const name of shownAttributes) {
    const old = shown(before?.[name]);
    const wanted = shown(after?.[name]);
    if (JSON.stringify(old) !== JSON.stringify(wanted)) attributes.push({ name, before: old, after: wanted });
  }
  const text = textDiff(id, change, current);
  return text ? { attributes, text } : { attributes };
}

function textDiff(id: FileId, change: Change<FileState>, current: FileState | null): TextDiff | undefined {
  const { content } = id;
  const sha256 = change.after?.to?.sha256 ?? change.after?.sha256;
  const before = current?.to ?? current;
  if (!content || sha256 === undefined || sha256 === before?.sha256) return undefined;
  const old = before === null || before.type !== 'file' ? null : before.sizeBytes === 0 ? '' : before.text;
  const wanted = textOfContent(content);
  const tooLarge = [content.sizeBytes, before?.sizeBytes ?? 0].some((size) => size > limits.diffBytes);
  if (wanted !== null && old !== undefined && !tooLarge) return { path: id.path, before: old, after: wanted };
  const sizes = `${before?.sizeBytes ?? 0} -> ${content.sizeBytes} bytes`;
  const kind = tooLarge ? 'too large to show' : content.remotePath === undefined ? 'binary' : 'copied on the host';
  return { path: id.path, before: null, after: null, note: `${kind}, ${sizes}` };
}

function textOfContent(content: FileContent): string | null {
  return content.bytes && content.sizeBytes <= limits.diffBytes ? textOf(content.bytes()) : null;
}

function shown(value: string | number | object | undefined): Json | undefined {
  return typeof value === 'object' ? JSON.stringify(value) : value;
}

function keys(state: Partial<FileState> | null): (keyof FileState)[] {
  return Object.keys(state ?? {}) as (keyof FileState)[];
}
