// One JSON object a line for each event: for machines. Secrets are redacted in every string.
import type { RunEvent } from '../../engine/events.ts';
import type { Redactor } from '../../lib/redact.ts';

export function createJsonReporter(write: (text: string) => void, redactor: Redactor): (event: RunEvent) => void {
  return (event) => {
    // String by string, so that no secret can spoil the JSON around it.
    const shown = (_key: string, value: unknown): unknown => {
      if (value instanceof Map) return Object.fromEntries(value) as unknown;
      return typeof value === 'string' ? redactor.redact(value) : value;
    };
    write(`${JSON.stringify(event, shown)}\n`);
  };
}
