// How results look as text. Pure; colours come from picocolors, which knows when there must be none.
import pc from 'picocolors';
import type { Json } from '../../lib/json.ts';
import { unifiedDiff } from '../../lib/text-diff.ts';
import type { AttributeDiff, Diff } from '../../core/resource.ts';
import type { HostTotals, ResourceChange, TaskResult } from '../../engine/events.ts';

type Colors = ReturnType<typeof pc.createColors>;
type Formatter = (text: string) => string;

export interface Style {
  readonly colors: Colors;
  readonly diff: boolean;
  /** 0 to 4: -v, -vv, ... */
  readonly verbosity: number;
  /** How paths of the controller are shown. Default: as they are. */
  readonly path?: (file: string) => string;
}

const words = {
  ok: 'ok',
  changed: 'changed',
  failed: 'fatal',
  skipped: 'skipping',
  unknown: 'unknown',
  unreachable: 'unreachable',
} as const;

/** The lines of one task: hosts with the same outcome share theirs. */
export function taskLines(name: string, handler: boolean, results: readonly TaskResult[], style: Style): string[] {
  const lines = ['', style.colors.bold(`${handler ? 'RUNNING HANDLER' : 'TASK'} [${name}]`)];
  const groups = Map.groupBy(results, (result) =>
    [result.status, result.item, result.ignored, ...resultLines(result, style)].join('\n'),
  );
  for (const group of groups.values()) {
    const [first] = group;
    if (!first) continue;
    const color = colorOf(first, style.colors);
    const item = first.item === undefined ? '' : ` (item=${first.item})`;
    lines.push(
      `${color(`${words[first.status]}: [${group.map(placeOf).join(', ')}]`)}${item}${first.ignored ? ' ...ignoring' : ''}`,
    );
    lines.push(...resultLines(first, style));
  }
  return lines;
}

/** As Ansible shows that a task of one host is worked on another. */
function placeOf({ host, delegate }: TaskResult): string {
  return delegate === undefined ? host : `${host} -> ${delegate}`;
}

function colorOf(result: TaskResult, colors: Colors): Formatter {
  if (result.ignored) return colors.cyan;
  switch (result.status) {
    case 'ok':
      return colors.green;
    case 'changed':
      return colors.yellow;
    case 'failed':
    case 'unreachable':
      return colors.red;
    case 'skipped':
      return colors.cyan;
    case 'unknown':
      return colors.magenta;
    default:
      result.status satisfies never;
      return colors.white;
  }
}

function resultLines(result: TaskResult, style: Style): string[] {
  const lines: string[] = [];
  const say = (text: string) => lines.push(...text.split('\n').map((line) => `    ${line}`.trimEnd()));
  if (result.message !== undefined) say(result.message);
  if (result.shown !== undefined)
    say(typeof result.shown === 'string' ? result.shown : JSON.stringify(result.shown, null, 2));
  if (result.where && (result.status === 'failed' || result.status === 'unreachable'))
    say(`at ${style.path?.(result.where.file) ?? result.where.file}:${result.where.line}:${result.where.column}`);
  if (result.hint !== undefined) say(`help: ${result.hint}`);
  if (result.assuming !== undefined && style.verbosity > 0)
    say(`assuming that "${result.assuming}" does not change this`);
  if (style.diff) for (const change of result.changes) lines.push(...changeLines(change, style.colors));
  for (const stream of streamsOf(result, style)) {
    const text = result.output?.[stream].trimEnd() ?? '';
    if (text.trim() !== '') say(`${stream}: ${text}`);
  }
  return lines;
}

/** The message of a failure has the end of its standard error, or else of its output. */
function streamsOf({ status, output }: TaskResult, style: Style): readonly ('stdout' | 'stderr')[] {
  if (style.verbosity > 0) return ['stdout', 'stderr'];
  return status === 'failed' && output?.stderr.trim() !== '' ? ['stdout'] : [];
}

const signs = { create: '+', update: '~', delete: '-', run: '!', 'no-op': ' ' } as const;

function changeLines(change: ResourceChange, colors: Colors): string[] {
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
function shownKey(key: string): string {
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

/** `PLAY RECAP`, in Ansible's form; `unknown` only where there is any. */
export function recapLines(hosts: ReadonlyMap<string, HostTotals>, colors: Colors): string[] {
  const width = Math.max(0, ...[...hosts.keys()].map((name) => name.length));
  return [...hosts].map(([name, totals]) => {
    const bad = totals.failed + totals.unreachable > 0;
    const paint = bad ? colors.red : totals.changed > 0 ? colors.yellow : colors.green;
    const { ok, changed, unreachable, failed, skipped, rescued, ignored, unknown } = totals;
    const counts = Object.entries({
      ok,
      changed,
      unreachable,
      failed,
      skipped,
      rescued,
      ignored,
      ...(unknown > 0 ? { unknown } : {}),
    });
    return `${paint(name.padEnd(width))} : ${counts
      .map(([word, count]) => `${word}=${count}`.padEnd(word.length + 4))
      .join(' ')
      .trimEnd()}`;
  });
}

/** `1 host`, `2 hosts`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
