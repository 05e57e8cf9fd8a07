// Durations as users write them (`500ms`, `5s`, `1h`). A bare number other than 0 has no unit and is refused.

const unitMs: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a duration that the schema has already accepted; throws RangeError for anything else. */
export function durationMs(text: string): number {
  const match = /^([0-9]+)(us|ms|s|m|h|d)$/.exec(text);
  if (text === '0') return 0;
  const unit = unitMs[match?.[2] ?? ''];
  if (!match || unit === undefined) throw new RangeError(`not a duration: ${text}`);
  return Number(match[1]) * unit;
}
