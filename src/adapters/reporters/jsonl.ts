// One JSON object a line for each event: for machines. Secrets are redacted in every string.
import type { RunEvent } from '../../engine/events.ts';
import type { Redactor } from '../../lib/redact.ts';

export function createJsonReporter(write: (text: string) => void, redactor: Redactor): (event: RunEvent) => void {
  return (event) => {
    write(
      `${redactor.redact(JSON.stringify(event, (_key, value: unknown): unknown => (value instanceof Map ? Object.fromEntries(value) : value)))}\n`,
    );
  };
}
