// Reads what the file probe prints.
import { Buffer } from 'node:buffer';
import { Cursor } from '../support/cursor.ts';
import { allDigests, fileGroups, wantsDigest } from './probe.ts';
import type { DigestName, FileFacts, FileId, FileState, FileType } from './state.ts';

const record =
  /([0-9a-f]+)\|(\d+)\|(\d+)\|(\d+)\|(-?\d+)\|(-?\d+)\|(-?\d+)\|(\d+)\|(\d+)\|(\d+)\|([^|\n]*)\|([^|\n]*)\|/y;

export function parseFiles(output: string, ids: readonly FileId[]): Map<string, FileState | null> {
  const states = new Map<string, FileState | null>();
  const cursor = new Cursor(output, 'files');
  for (const group of fileGroups(ids)) parseGroup(cursor, group, states);
  return states;
}

function parseGroup(cursor: Cursor, ids: readonly FileId[], states: Map<string, FileState | null>): void {
  const found = parseStats(cursor, ids);
  parseLinks(cursor, found);
  for (const [index, id] of ids.entries()) {
    if (!id.access) continue;
    const match = cursor.takeBefore(/access ([rwx]*)/y, '\n') ?? cursor.fail('"access"');
    update(found, index, (state) => ({ ...state, access: match[1] ?? '' }));
  }
  for (const [order, name] of allDigests.entries()) {
    if (ids.some((id) => wantsDigest(id, name))) parseSums(cursor, name, ids, found);
    if (order === 0) parseTexts(cursor, ids, found);
  }
  cursor.expect('errors\n');
  const errors = cursor.until('\nend of errors\n');
  for (const [index, id] of ids.entries()) {
    const state = found.get(index) ?? null;
    if (state === null && isForbidden(errors, id.path)) continue;
    states.set(`file:${id.path}`, state);
  }
}

function parseStats(cursor: Cursor, ids: readonly FileId[]): Map<number, FileState> {
  const found = new Map<number, FileState>();
  cursor.expect('stat\n');
  for (const [index, id] of ids.entries()) {
    const match = cursor.takeBefore(record, `${id.path}\n`);
    if (match) found.set(index, factsOf(match));
  }
  cursor.expect('end\n');
  return found;
}

function parseLinks(cursor: Cursor, found: Map<number, FileState>): void {
  while (!cursor.take('end\n')) {
    const match = cursor.takeBefore(/link (\d+) (raw|hex)/y, '\n') ?? cursor.fail('"link"');
    const target = match[2] === 'hex' ? bytesOf('hex', cursor.until('.\n')).toString('utf8') : cursor.until('\n');
    cursor.expect('to ');
    const facts = cursor.take('nothing\n') ? null : factsOf(cursor.takeBefore(record, '\n') ?? cursor.fail('facts'));
    update(found, Number(match[1]), (state) => ({ ...state, target, to: facts }));
  }
}

function parseSums(cursor: Cursor, name: DigestName, ids: readonly FileId[], found: Map<number, FileState>): void {
  cursor.expect(`sums ${name}\n`);
  for (const [index, id] of ids.entries()) {
    if (!wantsDigest(id, name)) continue;
    // GNU tools escape newlines and backslashes and say so by a leading backslash; BusyBox prints them raw.
    const escaped = id.path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
    const match =
      cursor.takeBefore(/([0-9a-f]{32,128}) [ *]/y, `${id.path}\n`) ??
      cursor.takeBefore(/\\([0-9a-f]{32,128}) [ *]/y, `${escaped}\n`);
    const sum = match?.[1];
    if (sum === undefined) continue;
    update(found, index, (state) => {
      const digests = { ...state.digests, ...state.to?.digests, [name]: sum };
      const known = name === 'sha256' ? { digests, sha256: sum } : { digests };
      return state.to ? { ...state, to: { ...state.to, ...known } } : { ...state, ...known };
    });
  }
  cursor.expect('end\n');
}

function parseTexts(cursor: Cursor, ids: readonly FileId[], found: Map<number, FileState>): void {
  while (!cursor.take('end\n')) {
    const match = cursor.takeBefore(/text (\d+) (base64|hex)/y, '\n') ?? cursor.fail('"text"');
    const text = textOf(bytesOf(match[2] === 'hex' ? 'hex' : 'base64', cursor.until('.\n')));
    const state = found.get(Number(match[1]));
    // The shell compares by the printed line, which an escaped name spoils.
    const known = (state?.to ?? state)?.sha256;
    if (text === null || (known !== undefined && known === ids[Number(match[1])]?.unlessSha256)) continue;
    update(found, Number(match[1]), (state) =>
      state.to ? { ...state, to: { ...state.to, text } } : { ...state, text },
    );
  }
}

/** The text of bytes; null where they are binary. */
export function textOf(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function bytesOf(encoding: 'hex' | 'base64', printed: string): Buffer {
  return Buffer.from(printed.replace(/\s+/g, ''), encoding);
}

function update(found: Map<number, FileState>, index: number, change: (state: FileState) => FileState): void {
  const state = found.get(index);
  if (state) found.set(index, change(state));
}

const types: Readonly<Record<number, FileType>> = {
  0o100000: 'file',
  0o040000: 'directory',
  0o120000: 'link',
  0o020000: 'char',
  0o060000: 'block',
  0o010000: 'fifo',
  0o140000: 'socket',
};

function factsOf(match: RegExpExecArray): FileFacts {
  const number = (index: number): number => Number(match[index]);
  const raw = parseInt(match[1] ?? '0', 16);
  const named = (name: string | undefined, id: number): string =>
    name === undefined || name === 'UNKNOWN' || name === '' ? String(id) : name;
  return {
    type: types[raw & 0o170000] ?? 'file',
    mode: (raw & 0o7777).toString(8).padStart(4, '0'),
    owner: named(match[11], number(2)),
    group: named(match[12], number(3)),
    uid: number(2),
    gid: number(3),
    sizeBytes: number(4),
    modifiedAt: number(5),
    accessedAt: number(6),
    changedAt: number(7),
    inode: number(8),
    device: number(9),
    links: number(10),
  };
}

function isForbidden(errors: string, path: string): boolean {
  return errors.includes('Permission denied') && errors.includes(`${path}': Permission denied`);
}
