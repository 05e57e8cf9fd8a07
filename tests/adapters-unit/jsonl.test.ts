// Events for machines: one object a line, whatever the secrets are.
import { describe, expect, it } from 'vitest';
import { createJsonReporter } from '../../src/adapters/reporters/jsonl.ts';
import type { RunEvent } from '../../src/engine/events.ts';
import { createRedactor } from '../../src/lib/redact.ts';

function lines(events: readonly RunEvent[], secrets: readonly string[] = []): unknown[] {
  let text = '';
  const redactor = createRedactor();
  for (const secret of secrets) redactor.add(secret);
  const report = createJsonReporter((part) => (text += part), redactor);
  for (const event of events) report(event);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

describe('the report for machines', () => {
  it('is one object a line, maps as objects', () => {
    const totals = { ok: 1, changed: 0, unreachable: 0, failed: 0, skipped: 0, rescued: 0, ignored: 0, unknown: 0 };
    expect(
      lines([
        { type: 'play-begin', name: 'two\nlines', hosts: ['a'] },
        { type: 'run-end', hosts: new Map([['a', totals]]), roundTrips: new Map([['a', 2]]), durationMs: 5 },
      ]),
    ).toEqual([
      { type: 'play-begin', name: 'two\nlines', hosts: ['a'] },
      { type: 'run-end', hosts: { a: totals }, roundTrips: { a: 2 }, durationMs: 5 },
    ]);
  });

  it.each(['with "quotes" and \\ and \n', "it's", 'name', '": "', '{"type"'])(
    'stays JSON with the secret %j in it',
    (secret) => {
      const [event] = lines([{ type: 'warning', message: `before ${secret} after` }], [secret]);
      expect(event).toEqual({ type: 'warning', message: 'before ******** after' });
    },
  );
});
