// Checks data against a JSON Schema and says what is wrong in words. Ajv stays behind this file.
import { Ajv } from 'ajv';
import type { ErrorObject } from 'ajv';

export interface SchemaProblem {
  /** `unknown`: a key that the schema does not have; `missing`: one that it needs; `wrong`: a value that does not fit. */
  readonly kind: 'unknown' | 'missing' | 'wrong';
  /** Where in the data: the map that has or lacks the key, or the value. */
  readonly path: readonly string[];
  /** The key that is unknown or missing, or the last key of the path. */
  readonly name: string;
  /** What a wrong value must be: to be read after "must be". */
  readonly wanted: string;
  /** What could have been meant: keys of the map, or values. */
  readonly candidates: readonly string[];
  /** What to do, where the schema says so in `$comment`. */
  readonly hint: string | undefined;
}

/** `ignored` tells values of which nothing is to be said: what is wrong with them does not count. */
export type Validator = (value: unknown, ignored?: (value: unknown) => boolean) => readonly SchemaProblem[];

/**
 * How Ajv makes code of a schema where it is used a few times in the life of a process: that it goes over its code again
 * takes most of the time until a program has started, and saves less than that.
 */
export const quickToCompile = { optimize: false } as const;

/** One for all schemas: each would compile the schema of schemas anew. */
let shared: Ajv | undefined;

const compiled = new WeakMap<object, Validator>();

/** Compiles a schema, once. Throws an Error where it is no JSON Schema. */
export function validatorFor(schema: object): Validator {
  const known = compiled.get(schema);
  if (known) return known;
  shared ??= new Ajv({ allErrors: true, verbose: true, strict: false, validateFormats: false, code: quickToCompile });
  const validate = shared.compile(schema);
  const validator: Validator = (value, ignored) => {
    if (validate(value)) return [];
    const errors = validate.errors ?? [];
    return problemsOf(ignored ? errors.filter(({ data, keyword }) => !aboutValue(keyword) || !ignored(data)) : errors);
  };
  compiled.set(schema, validator);
  return validator;
}

/** Missing and unknown keys are about the map that has or lacks them, whatever its values are. */
function aboutValue(keyword: string): boolean {
  return keyword !== 'required' && keyword !== 'additionalProperties';
}

function problemsOf(errors: readonly ErrorObject[]): SchemaProblem[] {
  const unions = errors.filter(isUnion).map((error) => error.schemaPath);
  const relevant = errors.filter(
    (error) => error.keyword !== 'if' && !unions.some((path) => error.schemaPath.startsWith(`${path}/`)),
  );
  return relevant.map(problemOf);
}

function problemOf(error: ErrorObject): SchemaProblem {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const properties = recordOf(recordOf(error.parentSchema)['properties']);
  const keys = Object.keys(properties);
  const params: Readonly<Record<string, unknown>> = error.params;
  if (error.keyword === 'additionalProperties' || error.keyword === 'unevaluatedProperties') {
    const name = String(params['additionalProperty'] ?? params['unevaluatedProperty']);
    return { kind: 'unknown', path, name, wanted: '', candidates: keys, hint: undefined };
  }
  if (error.keyword === 'required' || error.keyword === 'dependencies' || error.keyword === 'dependentRequired') {
    return {
      kind: 'missing',
      path,
      name: String(params['missingProperty']),
      wanted: '',
      candidates: [],
      hint: undefined,
    };
  }
  const requiredOnly = isUnion(error) ? requiredAlternatives(error.schema) : null;
  if (requiredOnly) return { kind: 'missing', path, name: requiredOnly, wanted: '', candidates: [], hint: undefined };
  const name = path.at(-1) ?? '';
  const comment = recordOf(error.parentSchema)['$comment'];
  const hint = typeof comment === 'string' ? comment : undefined;
  return { kind: 'wrong', path, name, wanted: wantedBy(error), candidates: choicesOf(error.parentSchema), hint };
}

function wantedBy(error: ErrorObject): string {
  const limit = String(recordOf(error.params)['limit']);
  switch (error.keyword) {
    case 'type':
    case 'enum':
    case 'const':
    case 'anyOf':
    case 'oneOf':
      return describe(error.parentSchema);
    case 'minLength':
    case 'minItems':
    case 'minProperties':
      return limit === '1' ? 'not empty' : `at least ${limit} long`;
    case 'maxLength':
    case 'maxItems':
    case 'maxProperties':
      return `at most ${limit} long`;
    case 'minimum':
      return `${limit} or more`;
    case 'maximum':
      return `${limit} or less`;
    case 'exclusiveMinimum':
      return `more than ${limit}`;
    case 'exclusiveMaximum':
      return `less than ${limit}`;
    case 'pattern':
      return `text like ${String(error.schema)}`;
    case 'uniqueItems':
      return 'a list without duplicates';
    case 'not':
      return 'without what stands beside it here';
    default:
      return error.message?.replace(/^must (?:be )?/, '') ?? 'something else';
  }
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  null: 'empty',
};

/** A schema in words: `text`, `one of a, b`, `a list or text`. */
function describe(schema: unknown): string {
  const { type, enum: choices, const: only, anyOf, oneOf, items } = recordOf(schema);
  if (Array.isArray(choices)) return `one of ${choices.map((choice) => String(choice)).join(', ')}`;
  if (only !== undefined) return JSON.stringify(only);
  const alternatives = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : null;
  if (alternatives) return [...new Set(alternatives.map(describe))].join(', or ');
  if (Array.isArray(type)) return type.map((one) => typeWords[String(one)] ?? String(one)).join(' or ');
  if (type === 'array' && recordOf(items)['type'] === 'string') return 'a list of texts';
  return typeof type === 'string' ? (typeWords[type] ?? type) : 'something else';
}

function choicesOf(schema: unknown): readonly string[] {
  const { enum: choices, anyOf, oneOf } = recordOf(schema);
  if (Array.isArray(choices)) return choices.map(String);
  const alternatives = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : [];
  return alternatives.flatMap(choicesOf);
}

/** `src or content`, where every alternative only demands keys. */
function requiredAlternatives(alternatives: unknown): string | null {
  if (!Array.isArray(alternatives)) return null;
  const names = alternatives.map((alternative) => recordOf(alternative)['required']);
  if (!names.every((list) => Array.isArray(list) && list.length > 0)) return null;
  return names.map((list) => (Array.isArray(list) ? list.join(' with ') : '')).join(' or ');
}

function isUnion(error: ErrorObject): boolean {
  return error.keyword === 'anyOf' || error.keyword === 'oneOf';
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
