// How the cloud part tells what it found and did: the same signs and lines as for hosts.
import pc from 'picocolors';
import { changeLines } from '../../adapters/reporters/differences.ts';
import { shown } from '../../infra/desired/attributes.ts';
import type { CloudResult } from '../../infra/converge.ts';
import { displayWidth } from '../../lib/display-width.ts';
import { mapTexts, terminalText } from '../../lib/terminal-text.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../output.ts';
import { exitCodeOfError } from './time-limit.ts';

/** The lines of one result; nothing for what is as it should be. */
export function resultLines(result: CloudResult): readonly string[] {
  // Services and other people wrote these texts.
  const { key, status, action, diff, error } = mapTexts(
    { ...result, calls: [], error: result.error && { message: result.error.message, hint: result.error.hint } },
    terminalText,
  );
  switch (status) {
    case 'ok':
      return [];
    case 'changed':
      return changeLines({ key, action, diff }, pc).map((line) => line.replace(/^ {4}/, ''));
    case 'held':
      return [`${pc.yellow(`- ${key}`)}  kept: it is not in the file any more; remove it with --allow-destroy`];
    case 'skipped':
      return [`${pc.cyan(`  ${key}`)}  skipped: ${error?.message ?? ''}`];
    case 'failed':
      return [
        `${pc.red(`x ${key}`)}  ${error?.message ?? 'failed'}`,
        ...(error?.hint === undefined ? [] : [`    help: ${error.hint}`]),
      ];
    default:
      status satisfies never;
      return [];
  }
}

/** `2 to create, 1 to update` or, after a run, `2 created, 1 updated`. */
export function summary(results: readonly CloudResult[], dryRun: boolean): string {
  const words = {
    create: ['to create', 'created'],
    update: ['to update', 'updated'],
    delete: ['to delete', 'deleted'],
  } as const;
  const changed = results.filter(({ status }) => status === 'changed');
  const parts = Object.entries(words).flatMap(([action, [before, after]]) => {
    const count = changed.filter((result) => result.action === action).length;
    return count === 0 ? [] : [`${count} ${dryRun ? before : after}`];
  });
  for (const status of ['held', 'failed', 'skipped'] as const) {
    const count = results.filter((result) => result.status === status).length;
    if (count > 0) parts.push(`${count} ${status === 'held' ? 'kept' : status}`);
  }
  const same = results.filter(({ status }) => status === 'ok').length;
  if (same > 0 || parts.length === 0) parts.push(`${same} as they should be`);
  return parts.join(', ');
}

/** For machines: everything that people are told. */
export function resultJson(result: CloudResult): object {
  const { key, status, action, diff, calls, error } = result;
  return {
    key,
    status,
    action,
    changes: diff.attributes,
    calls: calls.map(({ api, method, path, body }) => ({ api, method, path, body: shown(body) })),
    ...(error && {
      error: { code: error.code, message: error.message, ...(error.hint !== undefined && { hint: error.hint }) },
    }),
  };
}

/**
 * 2 where a dry run found something to do; 3 where something failed, 4 where a service could not be reached, 124 where the time
 * was over, 130 where somebody interrupted: the highest of them.
 */
export function exitCodeOf(results: readonly CloudResult[], dryRun: boolean): number {
  const failed = results.flatMap(({ status, error }) => (status === 'failed' && error ? [exitCodeOfError(error)] : []));
  if (failed.length > 0) return Math.max(exitCodes.taskFailed, ...failed);
  return dryRun && results.some(({ status }) => status === 'changed') ? exitCodes.pending : exitCodes.ok;
}

export function heading(text: string): void {
  print(`${pc.bold(text)}\n`);
}

export function note(text: string): void {
  print(`  ${text}\n`);
}

export function printJson(value: unknown): void {
  print(`${JSON.stringify(value, null, 2)}\n`);
}

/** Rows with aligned columns; texts of others are made fit for a terminal. Only the last column may be coloured. */
export function table(rows: readonly (readonly string[])[], head?: readonly string[]): string {
  const fit = (row: readonly string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : terminalText(cell)));
  const all = (head ? [head, ...rows] : rows).map(fit);
  const widths = (all[0] ?? []).map((_cell, column) => Math.max(...all.map((row) => displayWidth(row[column] ?? ''))));
  const padded = (cell: string, column: number) => cell + ' '.repeat((widths[column] ?? 0) - displayWidth(cell));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : padded(cell, column)))
      .join('  ')
      .trimEnd();
  return all.map((row, index) => `${head && index === 0 ? pc.dim(line(row)) : line(row)}\n`).join('');
}
