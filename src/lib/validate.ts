// Checks data against a JSON Schema and says what is wrong in words for people.
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { near } from './suggest.ts';

/** One thing that is wrong: where in the data (keys and indexes), what, and what to do. */
export interface Violation {
  readonly path: readonly (string | number)[];
  /** The offending key, where an unknown key is what is wrong. */
  readonly key?: string;
  readonly message: string;
  readonly hint?: string;
}

const compiled = new WeakMap<object, ValidateFunction>();

/** All violations of `schema` in `data`; none if it is valid. Throws for a broken schema. */
export function validate(schema: object, data: unknown): readonly Violation[] {
  let check = compiled.get(schema);
  if (!check) {
    check = new Ajv({
      allErrors: true,
      strict: true,
      strictRequired: false,
      allowUnionTypes: true,
      verbose: true,
    }).compile(schema);
    compiled.set(schema, check);
  }
  if (check(data)) return [];
  // "anyOf" and "oneOf" report each branch as well; the branch errors alone would read as contradictions.
  return (check.errors ?? []).filter((error) => !/\/(anyOf|oneOf)\/\d+/.test(error.schemaPath)).map(describe);
}

function describe(error: ErrorObject): Violation {
  const path = error.instancePath.split('/').slice(1).map(unescapePointer);
  const at = path.length > 0 ? `"${path.join('.')}" ` : '';
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params['additionalProperty']);
    const known = Object.keys((error.parentSchema?.['properties'] as object | undefined) ?? {});
    const suggestion = near(key, known);
    return {
      path,
      key,
      message: `unknown key "${key}"`,
      hint: suggestion ? `did you mean "${suggestion}"?` : `known are: ${known.toSorted().join(', ')}`,
    };
  }
  if (error.keyword === 'required') return { path, message: `"${String(error.params['missingProperty'])}" is missing` };
  if (error.keyword === 'enum') {
    const allowed = (error.params['allowedValues'] as readonly unknown[]).map(String);
    const suggestion = typeof error.data === 'string' ? near(error.data, allowed) : null;
    return {
      path,
      message: `${at}is ${JSON.stringify(error.data)}, but must be one of: ${allowed.join(', ')}`,
      ...(suggestion ? { hint: `did you mean "${suggestion}"?` } : {}),
    };
  }
  if (error.keyword === 'type') {
    const types = [error.params['type'] as string | readonly string[]].flat().join(' or ');
    return { path, message: `${at}must be ${types}, but is ${JSON.stringify(error.data)}` };
  }
  return { path, message: `${at}${error.message ?? 'is not valid'}` };
}

function unescapePointer(segment: string): string | number {
  const text = segment.replaceAll('~1', '/').replaceAll('~0', '~');
  return /^\d+$/.test(text) ? Number(text) : text;
}
