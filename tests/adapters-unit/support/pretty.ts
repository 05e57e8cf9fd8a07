// Events of a run, and what the report for people says of them.
import pc from 'picocolors';
import { createPrettyReporter } from '../../../src/adapters/reporters/pretty.ts';
import type { HostTotals, RunEvent, TaskInfo, TaskResult } from '../../../src/engine/events.ts';
import { createRedactor } from '../../../src/lib/redact.ts';

export const where = { file: '/project/site.yml', line: 3, column: 7 };
export const totals: HostTotals = {
  ok: 0,
  changed: 0,
  unreachable: 0,
  failed: 0,
  skipped: 0,
  rescued: 0,
  ignored: 0,
  unknown: 0,
};
export const task = (id: number, name: string, handler = false): TaskInfo => ({
  id,
  name,
  module: 'copy',
  where,
  handler,
});
export const done = (host: string, info: TaskInfo, more: Partial<TaskResult> = {}): RunEvent => ({
  type: 'task-end',
  result: { host, task: info, status: 'ok', changes: [], ...more },
});
export const item = (host: string, info: TaskInfo, more: Partial<TaskResult>): RunEvent => ({
  type: 'task-item',
  result: { host, task: info, status: 'ok', changes: [], ...more },
});

/** The events of a play with one section. */
export function play(hosts: readonly string[], tasks: readonly TaskInfo[], events: readonly RunEvent[]): RunEvent[] {
  return [
    { type: 'play-begin', name: 'Site', hosts },
    { type: 'section-begin', name: 'tasks', hosts, tasks },
    ...events,
    ...hosts.map((host): RunEvent => ({ type: 'host-section-end', host })),
    { type: 'section-end' },
    { type: 'play-end' },
  ];
}

/** What the report says of events. */
export function told(
  events: readonly RunEvent[],
  options: { diff?: boolean; verbosity?: number; checkMode?: boolean; secrets?: string[]; colors?: boolean } = {},
): string {
  let text = '';
  const redactor = createRedactor();
  for (const secret of options.secrets ?? []) redactor.add(secret);
  const report = createPrettyReporter({
    write: (part) => (text += part),
    redactor,
    checkMode: options.checkMode ?? false,
    style: {
      colors: pc.createColors(options.colors ?? false),
      diff: options.diff ?? false,
      verbosity: options.verbosity ?? 0,
      path: (file) => file.replace('/project/', ''),
    },
  });
  for (const event of events) report(event);
  return text;
}
