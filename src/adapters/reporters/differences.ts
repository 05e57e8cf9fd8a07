// Changes as text: what was touched, attribute by attribute, and texts as unified diffs.
import type { Json } from '../../lib/json.ts';
import { unifiedDiff } from '../../lib/text-diff.ts';
import type { AttributeDiff, Diff } from '../../core/resource.ts';
import type { ResourceChange } from '../../engine/events.ts';
import type { Colors } from './style.ts';

const signs = { create: '+', update: '~', delete: '-', run: '!', 'no-op': ' ' } as const;

/** A change and, where it is known, the difference that it makes. */
export function changeLines(change: ResourceChange, colors: Colors): string[] {
  const paint = {
    create: colors.green,
    update: colors.yellow,
    delete: colors.red,
    run: colors.cyan,
    'no-op': colors.dim,
  }[change.action];
  const [first, ...more] = `${signs[change.action]} ${shownKey(change.key)}`.split('\n');
  const lines = [first, ...more.map((line) => `    ${line}`)].map((line) => `    ${paint(line ?? '')}`);
  // A command is its own description.
  if (change.action === 'run') return lines;
  return change.diff ? [...lines, ...diffLines(change.diff, colors)] : lines;
}

/** Without the hash that tells commands apart. */
export function shownKey(key: string): string {
  return key.startsWith('run:') ? key.replace(/ #[0-9a-f]+$/, '') : key;
}

function diffLines(diff: Diff, colors: Colors): string[] {
  const lines = diff.attributes.map((attribute) => `        ${attributeLine(attribute)}`);
  if (!diff.text) return lines;
  if (diff.text.note !== undefined) return [...lines, `        (${diff.text.note})`];
  const patch = unifiedDiff(diff.text.path, diff.text.before, diff.text.after).trimEnd().split('\n');
  return [...lines, ...patch.map((line) => `    ${paintPatchLine(line, colors)}`)];
}

function attributeLine({ name, before, after, secret }: AttributeDiff): string {
  if (secret) return `${name}: (hidden)`;
  if (before === undefined || before === null) return `${name}: ${show(after)}`;
  return `${name}: ${show(before)} -> ${after === undefined || after === null ? 'absent' : show(after)}`;
}

function show(value: Json | undefined): string {
  if (value === undefined) return 'absent';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function paintPatchLine(line: string, colors: Colors): string {
  if (line.startsWith('+++') || line.startsWith('---')) return colors.bold(line);
  if (line.startsWith('+')) return colors.green(line);
  if (line.startsWith('-')) return colors.red(line);
  return line.startsWith('@@') ? colors.cyan(line) : line;
}
