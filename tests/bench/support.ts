// What the benchmarks share: measuring in turns, and telling results as a table that `npm run bench` can sum up.
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';

export const projectDirectory = resolve(import.meta.dirname, '../..');

export interface BenchRow {
  readonly what: string;
  /** The figure; of times less is better, of anything a second more. */
  readonly value: number;
  readonly unit: 'ms' | 's' | '1/s' | 'MB';
  /** The same of another program, measured in the same run. */
  readonly peer?: { readonly name: string; readonly value: number };
  /** What was promised: at most so long, or at least so many. */
  readonly goal?: number;
}

export interface BenchTable {
  readonly title: string;
  readonly rows: readonly BenchRow[];
  readonly notes?: readonly string[];
}

/** Prints a table; under `npm run bench` it goes into the summary too. */
export function tell(table: BenchTable): void {
  process.stdout.write(`${tableText(table)}\n`);
  const collected = process.env['VEZA_BENCH_RESULTS'];
  if (collected !== undefined) appendFileSync(collected, `${JSON.stringify(table)}\n`);
}

/** As Markdown, which a terminal shows as well. */
export function tableText({ title, rows, notes }: BenchTable): string {
  const cells = [
    ['what', 'veza-run', 'peer', 'ratio', 'goal'],
    ...rows.map((row) => [
      row.what,
      amount(row.value, row.unit),
      row.peer ? `${row.peer.name} ${amount(row.peer.value, row.unit)}` : '',
      ratioText(row),
      row.goal === undefined
        ? ''
        : `${goalWord(row)} ${amount(row.goal, row.unit)}: ${reached(row) ? 'reached' : 'MISSED'}`,
    ]),
  ];
  const used = [0, 1, 2, 3, 4].filter((column) => column < 2 || cells.slice(1).some((line) => line[column] !== ''));
  const widths = used.map((column) => Math.max(...cells.map((line) => (line[column] ?? '').length)));
  const lines = cells.map(
    (line) => `| ${used.map((column, index) => (line[column] ?? '').padEnd(widths[index] ?? 0)).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [`## ${title}`, '', lines[0], rule, ...lines.slice(1), ...(notes?.length ? ['', ...notes] : []), ''].join(
    '\n',
  );
}

/** How many times better than the peer; null without one. */
export function ratioOf({ value, unit, peer }: BenchRow): number | null {
  if (!peer) return null;
  return unit === '1/s' ? value / peer.value : peer.value / value;
}

export function reached({ value, unit, goal }: BenchRow): boolean {
  return goal === undefined || (unit === '1/s' ? value >= goal : value <= goal);
}

function goalWord({ unit }: BenchRow): string {
  return unit === '1/s' ? 'at least' : 'at most';
}

function ratioText(row: BenchRow): string {
  const ratio = ratioOf(row);
  return ratio === null ? '' : `${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio)} x`;
}

function amount(value: number, unit: BenchRow['unit']): string {
  const shown =
    value >= 1000 ? Math.round(value).toLocaleString('en-US') : value >= 10 ? value.toFixed(0) : value.toFixed(2);
  return unit === '1/s' ? `${shown}/s` : `${shown} ${unit}`;
}

/** The middle of so many measurements of each, taken in turns so that a busy moment hits all alike. */
export function mediansMs(runs: number, programs: Readonly<Record<string, () => void>>): Record<string, number> {
  const times = new Map<string, number[]>();
  for (const run of Object.values(programs)) run();
  for (let round = 0; round < runs; round += 1) {
    for (const [name, run] of Object.entries(programs)) {
      const startedAtMs = performance.now();
      run();
      times.set(name, [...(times.get(name) ?? []), performance.now() - startedAtMs]);
    }
  }
  return Object.fromEntries([...times].map(([name, all]) => [name, median(all)]));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Runs a program to its end. Throws an Error with what it said where it fails. */
export function runProgram(
  program: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): void {
  const { status, stdout, stderr } = spawnSync(program, words, {
    cwd: projectDirectory,
    env: { ...process.env, ...environment },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${status}: ${stdout}${stderr}`);
}

export function vezaRun(...words: readonly string[]): void {
  runProgram(process.execPath, [resolve(projectDirectory, 'bin/veza-run.js'), ...words]);
}

/** The first line of `PROGRAM --version`, or null where it is not installed. */
export function versionOf(program: string): string | null {
  try {
    return (
      execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0] ??
      null
    );
  } catch {
    return null;
  }
}
