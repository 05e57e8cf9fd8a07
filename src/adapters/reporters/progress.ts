// What is going on right now: on a terminal one live row a host (listr2), elsewhere a plain line when something takes long.
// What has happened is the pretty reporter's matter; on a terminal its text waits while the rows are shown.
import { Listr } from 'listr2';
import { terminalText } from '../../lib/terminal-text.ts';
import type { RunEvent } from '../../engine/events.ts';

/** Shorter sections show nothing: rows that flash by help nobody. */
const showAfterMs = 300;
/** Elsewhere than on a terminal: how often a long wait is told. */
const plainEveryMs = 10_000;

interface HostRow {
  task: string;
  sinceMs: number;
  show: ((text: string) => void) | null;
  readonly done: Promise<undefined>;
  readonly finish: () => void;
}

export interface Progress {
  handle(event: RunEvent): void;
  /** Text for people: printed at once, or after the rows. */
  write(text: string): void;
  /** Takes the rows away and prints what waits. */
  close(): Promise<void>;
}

export function createProgress(options: {
  readonly terminal: boolean;
  readonly write: (text: string) => void;
  readonly now: () => number;
}): Progress {
  const rows = new Map<string, HostRow>();
  let held = '';
  let timer: NodeJS.Timeout | undefined;
  let shown: Promise<unknown> | null = null;
  let closing: Promise<unknown> = Promise.resolve();

  const stop = () => {
    clearTimeout(timer);
    for (const row of rows.values()) row.finish();
    rows.clear();
    const ending = shown;
    if (!ending) return;
    closing = ending.then(() => {
      if (shown !== ending) return;
      shown = null;
      options.write(held);
      held = '';
    });
  };
  const start = (hosts: readonly string[]) => {
    for (const host of hosts) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      rows.set(host, { task: '', sinceMs: options.now(), show: null, done: promise, finish: () => resolve(undefined) });
    }
    timer = options.terminal
      ? setTimeout(() => {
          shown = showRows(rows);
        }, showAfterMs)
      : setInterval(() => options.write(waiting(rows, options.now())), plainEveryMs);
    timer.unref();
  };
  return {
    handle(event) {
      if (event.type === 'section-begin') start(event.hosts);
      else if (event.type === 'section-end') stop();
      else if (event.type === 'host-section-end') rows.get(event.host)?.finish();
      else if (event.type === 'task-begin') {
        const row = rows.get(event.host);
        if (!row) return;
        row.task = terminalText(event.task.name);
        row.sinceMs = options.now();
        row.show?.(row.task);
      } else if (event.type === 'task-retry') {
        const row = rows.get(event.host);
        const attempt = `${terminalText(event.task.name)} (until: attempt ${event.attempt} of ${event.attempts})`;
        if (!row) return;
        row.task = attempt;
        if (options.terminal) row.show?.(attempt);
        else options.write(`... ${event.host}: ${attempt} in ${Math.round(event.delayMs / 1000)} s\n`);
      }
    },
    write(text) {
      if (shown) held += text;
      else options.write(text);
    },
    async close() {
      stop();
      await closing;
    },
  };
}

function showRows(rows: ReadonlyMap<string, HostRow>): Promise<unknown> {
  const list = new Listr(
    [...rows].map(([host, row]) => ({
      title: host,
      task: (_context: unknown, task: { output: string }) => {
        task.output = row.task;
        row.show = (text) => (task.output = text);
        return row.done;
      },
    })),
    { concurrent: true, exitOnError: false, rendererOptions: { clearOutput: true } },
  );
  return list.run();
}

function waiting(rows: ReadonlyMap<string, HostRow>, nowMs: number): string {
  return [...rows]
    .filter(([, row]) => row.task !== '' && nowMs - row.sinceMs >= plainEveryMs)
    .map(([host, row]) => `... ${host}: ${row.task} (${Math.round((nowMs - row.sinceMs) / 1000)} s)\n`)
    .join('');
}
