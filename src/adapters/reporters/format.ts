// How results look as text. Pure; colours come from picocolors, which knows when there must be none.
import { excerpt } from '../../lib/diagnostic.ts';
import { terminalText } from '../../lib/terminal-text.ts';
import type { HostTotals, TaskInfo, TaskResult } from '../../engine/events.ts';
import { changeLines, shownKey } from './differences.ts';
import type { Colors, Style } from './style.ts';

type Formatter = (text: string) => string;

const words = {
  ok: 'ok',
  changed: 'changed',
  failed: 'fatal',
  skipped: 'skipping',
  unknown: 'unknown',
  unreachable: 'unreachable',
} as const;

/** The lines of one task: hosts with the same outcome share theirs. */
export function taskLines(task: TaskInfo, results: readonly TaskResult[], style: Style): string[] {
  const lines = ['', style.colors.bold(`${task.handler ? 'RUNNING HANDLER' : 'TASK'} [${task.name}]`)];
  if (style.verbosity > 1 && task.where.file !== '')
    lines.push(style.colors.dim(`task path: ${positionOf(task.where, style)}`));
  const groups = Map.groupBy(results, (result) =>
    [result.status, result.item, result.ignored, ...resultLines(result, style)].join('\n'),
  );
  for (const group of groups.values()) {
    const [first] = group;
    if (!first) continue;
    const color = colorOf(first, style.colors);
    const item = first.item === undefined ? '' : ` (item=${first.item})`;
    lines.push(
      `${color(`${words[first.status]}: [${group.map(hostOf).join(', ')}]`)}${item}${first.ignored ? ' ...ignoring' : ''}`,
    );
    lines.push(...resultLines(first, style));
  }
  return lines;
}

/** As Ansible shows that a task of one host is worked on another. */
function hostOf({ host, delegate }: TaskResult): string {
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
  if (!style.diff) for (const what of attempted(result)) say(what);
  if (result.message !== undefined) say(result.message);
  if (result.shown !== undefined)
    say(typeof result.shown === 'string' ? result.shown : JSON.stringify(result.shown, null, 2));
  if ((result.attempts ?? 1) > 1) say(`after ${result.attempts} attempts`);
  if (result.status === 'failed' || result.status === 'unreachable')
    for (const line of places(result, style)) say(line);
  if (result.hint !== undefined) say(`help: ${result.hint}`);
  if (style.verbosity > 1 && result.condition !== undefined) say(`because this does not hold: ${result.condition}`);
  if (result.assuming !== undefined && style.verbosity > 0)
    say(`assuming that "${result.assuming}" does not change this`);
  if (style.diff || style.verbosity > 0)
    for (const change of result.changes) lines.push(...changeLines(change, style.colors));
  for (const [name, value] of Object.entries(result.values ?? {})) say(`${name}: ${JSON.stringify(value)}`);
  for (const stream of streamsOf(result, style)) {
    const text = result.output?.[stream].trimEnd() ?? '';
    if (text.trim() !== '') say(`${stream}: ${text}`);
  }
  return lines;
}

/** What a task that failed was doing. */
function attempted(result: TaskResult): readonly string[] {
  if (result.status !== 'failed' || !result.output) return [];
  const last = result.changes.at(-1);
  if (last === undefined) return [];
  const key = shownKey(last.key);
  return [key.startsWith('run:') ? `ran: ${key.slice('run:'.length)}` : `changing: ${key}`];
}

/** Where the mistake is, or else the task that failed, with the line itself. */
function places(result: TaskResult, style: Style): readonly string[] {
  const where = result.where ?? (result.status === 'failed' && !result.ignored ? result.task.where : undefined);
  if (!where || where.file === '') return [];
  const source = result.hidden ? undefined : style.source?.(where.file);
  return [`at ${positionOf(where, style)}`, ...(source === undefined ? [] : excerpt(where, source))];
}

function positionOf(where: TaskInfo['where'], style: Style): string {
  return `${terminalText(style.path?.(where.file) ?? where.file)}:${where.line}:${where.column}`;
}

/** The message of a failure has the end of its standard error, or else of its output. */
function streamsOf({ status, output }: TaskResult, style: Style): readonly ('stdout' | 'stderr')[] {
  if (style.verbosity > 0) return ['stdout', 'stderr'];
  return status === 'failed' && output?.stderr.trim() !== '' ? ['stdout'] : [];
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
