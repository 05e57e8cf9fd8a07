// What the schema validator reports -> problems in the user's words, with near names.
import type { ErrorObject } from 'ajv';
import { closest, distance } from 'fastest-levenshtein';
import type { Diagnostic, Position } from '../../../lib/diagnostic.ts';
import type { Path } from './places.ts';

/** What ajv found, as problems with their place. */
export function diagnosticsOf(
  errors: readonly ErrorObject[],
  where: (path: Path, key?: string) => Position,
): Diagnostic[] {
  return closestBranches(errors).flatMap((error) => diagnosticOf(error, where));
}

/** Where a value may be one of several things, only what is wrong with that which it most likely is. */
function closestBranches(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const instead = new Map<ErrorObject, ErrorObject | undefined>();
  for (const { keyword, instancePath, schemaPath } of errors) {
    if (keyword !== 'anyOf') continue;
    const inside = errors.filter((error) => error.schemaPath.startsWith(`${schemaPath}/`));
    const kinds = inside.filter((error) => kindOf(error) !== undefined && error.instancePath === instancePath);
    for (const error of kinds) instead.set(error, undefined);
    const [first] = kinds;
    // It is nothing of what it may be.
    if (first && kinds.length === inside.length)
      instead.set(first, { ...first, keyword: 'type', params: { type: kinds.flatMap(kindOf) } });
  }
  return errors.flatMap((error) => (instead.has(error) ? (instead.get(error) ?? []) : error));
}

/** What kind of value is wanted instead; undefined if the kind is right. */
function kindOf({ keyword, params }: ErrorObject): string | readonly string[] | undefined {
  const { type, allowedValue } = params as { type?: string | readonly string[]; allowedValue?: unknown };
  if (keyword === 'const') return `\`${String(allowedValue)}\``;
  return keyword === 'type' ? type : undefined;
}

function diagnosticOf(error: ErrorObject, where: (path: Path, key?: string) => Position): Diagnostic[] {
  const path = pathOf(error.instancePath);
  const shown = showPath(path);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'anyOf':
    case 'propertyNames':
      return [];
    case 'additionalProperties': {
      const key = String(params['additionalProperty']);
      return [
        problem('unknown-key', `unknown key \`${key}\` in ${shown}`, where(path, key), suggest(key, error), key.length),
      ];
    }
    case 'required': {
      const key = String(params['missingProperty']);
      return [problem('missing-key', `${shown} needs the key \`${key}\``, where(path), describe(error, key))];
    }
    case 'enum': {
      const allowed = (params['allowedValues'] as unknown[]).map(String);
      return [
        problem(
          'bad-value',
          `${shown} must be one of ${allowed.join(', ')}`,
          where(path),
          nearName(String(error.data), allowed),
        ),
      ];
    }
    case 'pattern':
    case 'type': {
      const code = error.keyword === 'type' ? 'bad-type' : 'bad-value';
      if (isDurationSchema(error)) return [problem(code, `${shown} must be a duration`, where(path), durationHint)];
      return [problem(code, `${shown}${demand(error)}`, where(path), adviceOf(error))];
    }
    default:
      return [problem('bad-value', `${shown}${demand(error)}`, where(path), ownDescription(error))];
  }
}

/** What is demanded of a value, to follow its path. */
function demand({ keyword, params, data, message }: ErrorObject): string {
  const { limit, pattern, type } = params as { limit?: unknown; pattern?: unknown; type?: unknown };
  const amount = String(limit);
  switch (keyword) {
    case 'type':
      return ` must be ${[type]
        .flat()
        .map((each) => words[String(each)] ?? String(each))
        .join(' or ')}`;
    case 'pattern':
      return pattern === '^/' || String(pattern).startsWith('^/[')
        ? `: ${JSON.stringify(data)} must begin with \`/\`, and have no blanks`
        : `: ${JSON.stringify(data)} is not allowed here`;
    case 'minItems':
      return limit === 1 ? ' must not be empty' : ` must have at least ${amount} entries`;
    case 'maxItems':
      return ` must have at most ${amount} entries`;
    case 'minLength':
      return limit === 1 ? ' must not be empty' : ` must have at least ${amount} characters`;
    case 'maxLength':
      return ` must have at most ${amount} characters`;
    case 'minimum':
      return ` must be at least ${amount}`;
    case 'maximum':
      return ` must be at most ${amount}`;
    default:
      return ` ${message ?? 'is wrong'}`;
  }
}

const words: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  null: 'empty',
};

function adviceOf(error: ErrorObject): string | undefined {
  const { type } = error.params as { type?: unknown };
  const isLoneText = type === 'array' && typeof error.data === 'string';
  const list = isLoneText ? `Write \`[${JSON.stringify(error.data)}]\`.` : undefined;
  return [list, ownDescription(error)].filter((part) => part !== undefined).join(' ') || undefined;
}

const durationHint = 'Write a number and a unit (us, ms, s, m, h, d), for instance 500ms, 5s, 1m or 1h.';

/** Is a duration wanted where this was found? */
export function isDurationSchema(error: ErrorObject): boolean {
  const pattern = (error.parentSchema as { pattern?: unknown } | undefined)?.pattern;
  return typeof pattern === 'string' && pattern.includes('us|ms');
}

function problem(code: string, message: string, at: Position, hint: string | undefined, length = 1): Diagnostic {
  return { severity: 'error', code, message, where: at, length, ...(hint !== undefined && { hint }) };
}

/** Keys of one service that is written in short. */
const shortForm: ReadonlySet<string> = new Set(['port', 'host']);

function suggest(key: string, error: ErrorObject): string {
  if (error.instancePath === '' && shortForm.has(key))
    return 'It is for one service alone: `port`, perhaps `host`, and `backends` as a list of URLs, without `frontends`.';
  const properties = (error.parentSchema as { properties?: Record<string, unknown> } | undefined)?.properties ?? {};
  return nearName(key, Object.keys(properties)) ?? '';
}

/** "Did you mean ...?" if something is near, else the list. */
export function nearName(word: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const near = closest(word.toLowerCase(), names);
  const exact = names.find((name) => name.toLowerCase() === word.toLowerCase().replaceAll(/[-_]/g, ''));
  const found =
    exact ?? (distance(word.toLowerCase(), near.toLowerCase()) <= Math.max(2, word.length / 3) ? near : undefined);
  return found === undefined ? `Known here: ${names.join(', ')}.` : `Did you mean \`${found}\`?`;
}

function describe(error: ErrorObject, key: string): string | undefined {
  const schema = error.parentSchema as { properties?: Record<string, { description?: string }> } | undefined;
  return schema?.properties?.[key]?.description;
}

/** The description of what was judged; of what it is part of where it has none. */
function ownDescription(error: ErrorObject): string | undefined {
  return (error.parentSchema as { description?: string } | undefined)?.description;
}

/** The path of a JSON pointer. */
export function pathOf(pointer: string): Path {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^[0-9]+$/.test(part) ? Number(part) : part));
}

/** `backends[0].servers[1].port`; `the file` for the root. */
export function showPath(path: Path): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
  return text === '' ? 'the file' : text.replace(/^\./, '');
}
