// The results of a run as JUnit XML: no secret, whatever became of a task.
import { describe, expect, it } from 'vitest';
import { createJunitReporter } from '../../src/adapters/reporters/junit.ts';
import type { TaskResult } from '../../src/engine/events.ts';
import { createRedactor } from '../../src/lib/redact.ts';

const where = { file: 'site.yml', line: 1, column: 1 };
const task = { id: 1, name: 'Say hunter2', module: 'debug', where, handler: false };

describe('JUnit XML', () => {
  it.each(['failed', 'unknown', 'unreachable', 'skipped'] as const)('has no secret of a task that is %s', (status) => {
    let xml = '';
    const redactor = createRedactor();
    redactor.add('hunter2');
    const report = createJunitReporter({ write: (text) => (xml = text), redactor, now: () => 0 });
    const result: TaskResult = { host: 'h1', task, status, changes: [], message: 'it depends on hunter2' };
    report({ type: 'play-begin', name: 'With hunter2', hosts: ['h1'] });
    report({ type: 'task-end', result });
    report({ type: 'run-end', hosts: new Map(), roundTrips: new Map(), durationMs: 0 });
    expect(xml).toContain('Say ********');
    expect(xml).not.toContain('hunter2');
  });
});
