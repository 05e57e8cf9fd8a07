// Small pieces of schema that come again and again: durations, names, weights.

const durationPattern = '^(0|[0-9]+(us|ms|s|m|h|d))$';

export interface DurationSchema {
  readonly type: 'string';
  readonly pattern: typeof durationPattern;
  readonly description: string;
}

/** Schema of a duration such as `500ms`, with its default if it has one. */
export function durationOf(fallback: undefined, description: string): DurationSchema;
export function durationOf(fallback: string, description: string): DurationSchema & { readonly default: string };
export function durationOf(fallback: string | undefined, description: string): DurationSchema {
  const schema = { type: 'string', pattern: durationPattern, description } as const;
  return fallback === undefined ? schema : ({ ...schema, default: fallback } as DurationSchema);
}

/** Schema of a name that appears in statistics, logs and commands (`backend/server`). */
export function nameSchema(description: string): {
  readonly type: 'string';
  readonly pattern: '^[A-Za-z0-9_.:-]+$';
  readonly description: string;
} {
  return { type: 'string', pattern: '^[A-Za-z0-9_.:-]+$', description };
}

export const weightSchema = {
  type: 'integer',
  minimum: 0,
  maximum: 256,
  default: 1,
  description: 'Share of the traffic; 0 = no new clients, those bound by a cookie still come.',
} as const;
