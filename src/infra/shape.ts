// Checks what an API answered, once, where it comes in. After that its shape is trusted.
import { validatorFor } from '../lib/validate.ts';
import type { ApiClient } from './http/client.ts';

/** A reader of answers of one shape; keys that the schema does not name are let through. */
export interface Shape<T> {
  read(client: ApiClient, value: unknown, what: string): T;
}

/** The type parameter says what the schema demands: keep the two side by side. */
export function shape<T>(schema: object): Shape<T> {
  return {
    read(client, value, what) {
      const [problem] = validatorFor(schema)(value);
      if (!problem) return value as T;
      const place = [...problem.path, ...(problem.kind === 'missing' ? [problem.name] : [])].join('.') || 'the answer';
      const wanted = problem.kind === 'missing' ? 'there' : problem.wanted;
      throw client.error('api-bad-response', `${what}: ${place} must be ${wanted}`, {
        hint: 'The API answered in a form that this version does not know.',
      });
    },
  };
}
