// Runs every case of tests/engine/cases: a playbook with its files, and what becomes of each task on each host, in order.
// `--- run` holds words for the run: `hosts`, `tags`, `skip_tags`, `check`, `extra`, `trips`, one `key: value` a line.
import { join } from 'node:path';
import { DiagnosticsError, VezaError } from '../../src/lib/errors.ts';
import { formatDiagnostic } from '../../src/lib/diagnostic.ts';
import type { TaskResult } from '../../src/engine/events.ts';
import { runTextCases } from '../support/text-cases.ts';
import { Workspace, type PlaybookRun, type RunOptions } from './support/harness.ts';

runTextCases(join(import.meta.dirname, 'cases'), async (files) => {
  using workspace = new Workspace();
  const words = wordsOf(files.get('run') ?? '');
  const shown = (text: string) => text.replaceAll(`${workspace.control}/`, '').replaceAll(workspace.root, 'ROOT');
  try {
    const run = await workspace.run(files.get('site.yml') ?? '', optionsOf(files, words));
    return shown(outlineOf(run, words));
  } catch (error) {
    if (error instanceof DiagnosticsError)
      return shown(error.diagnostics.map((one) => formatDiagnostic(one)).join('\n'));
    if (error instanceof VezaError) return shown(error.code === 'invalid-files' ? error.message : told(error));
    throw error;
  }
});

type Words = ReadonlyMap<string, string>;

function wordsOf(text: string): Words {
  const lines = text.split('\n').map((line) => /^(\w+): *(.*)$/.exec(line.trim()));
  return new Map(lines.flatMap((match) => (match ? [[match[1] ?? '', match[2] ?? ''] as const] : [])));
}

function optionsOf(files: ReadonlyMap<string, string>, words: Words): RunOptions {
  const list = (key: string) => words.get(key)?.split(/[ ,]+/);
  const hosts = list('hosts');
  const tags = list('tags');
  const skipTags = list('skip_tags');
  const extra = words.get('extra');
  const inventory = files.get('inventory.yml');
  const others = [...files].filter(([name]) => !['run', 'site.yml', 'inventory.yml'].includes(name));
  return {
    files: Object.fromEntries(others),
    check: words.get('check') === 'true',
    ...(hosts && { hosts }),
    ...(tags && { tags }),
    ...(skipTags && { skipTags }),
    ...(extra !== undefined && { extraVars: [extra] }),
    ...(inventory !== undefined && { inventory }),
  };
}

function outlineOf(run: PlaybookRun, words: Words): string {
  const hosts = [...new Set([...Object.keys(run.totals), ...run.results.map(({ host }) => host)])];
  const blocks = hosts.map((host) => {
    const lines = run.events.flatMap((event) =>
      (event.type === 'task-end' || event.type === 'task-item') && event.result.host === host
        ? lineOf(event.result, event.type === 'task-item')
        : [],
    );
    const trips = words.get('trips') === 'true' ? [`round trips: ${run.roundTrips[host] ?? 0}`] : [];
    const told = [...collapsed(lines), ...trips];
    return hosts.length === 1 ? told : [`${host}:`, ...told.map((line) => `  ${line}`)];
  });
  const warnings = run.events.flatMap((event) => (event.type === 'warning' ? [`warning: ${event.message}`] : []));
  return [...blocks.flat(), ...warnings].join('\n');
}

/** Many times the same is one line. */
function collapsed(lines: readonly string[]): string[] {
  const told: string[] = [];
  for (let start = 0; start < lines.length;) {
    const line = lines[start] ?? '';
    const next = lines.findIndex((one, index) => index > start && one !== line);
    const count = (next === -1 ? lines.length : next) - start;
    told.push(...(count > 4 ? [`${line} (${count} times)`] : Array<string>(count).fill(line)));
    start += count;
  }
  return told;
}

function lineOf(result: TaskResult, item: boolean): string[] {
  const { task, status, ignored, shown, message, hint } = result;
  const head = `${item ? '  ' : ''}${task.handler ? 'handler ' : ''}${item ? `(${result.item ?? ''})` : task.name}: ${status}${ignored ? ' (ignored)' : ''}`;
  const said = shown === undefined ? '' : ` ${typeof shown === 'string' ? shown : JSON.stringify(shown)}`;
  const problem = message !== undefined && ['failed', 'unknown', 'unreachable'].includes(status) ? ` - ${message}` : '';
  const place = status === 'failed' && hint !== undefined ? `\n    help: ${hint}` : '';
  return `${head}${said}${problem}${place}`.split('\n');
}

function told(error: VezaError): string {
  return `error: ${error.message} [${error.code}]${error.hint === undefined ? '' : `\n  help: ${error.hint}`}`;
}
