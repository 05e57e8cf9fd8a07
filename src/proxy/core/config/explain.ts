// What the schema validator reports -> problems in the user's words, with near names.
import type { ErrorObject } from 'ajv';
import { closest, distance } from 'fastest-levenshtein';
import type { Diagnostic, Position } from '../../../lib/diagnostic.ts';
import type { Path } from './places.ts';

/** What ajv found, as problems with their place. */
export function diagnosticOf(error: ErrorObject, where: (path: Path, key?: string) => Position): Diagnostic[] {
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
    case 'pattern': {
      const duration = String(params['pattern']).includes('us|ms');
      const message = duration
        ? `${shown} must be a duration`
        : `${shown}: ${JSON.stringify(error.data)} is not allowed here`;
      return [problem('bad-value', message, where(path), duration ? durationHint : ownDescription(error))];
    }
    case 'type': {
      const duration = ownDescription(error) !== undefined && isDurationSchema(error);
      const message = duration ? `${shown} must be a duration` : `${shown} ${error.message ?? 'is wrong'}`;
      return [problem('bad-type', message, where(path), duration ? durationHint : ownDescription(error))];
    }
    default:
      return [problem('bad-value', `${shown} ${error.message ?? 'is wrong'}`, where(path), ownDescription(error))];
  }
}

const durationHint = 'Write a number and a unit, for instance 500ms, 5s, 1m or 1h.';

/** Is a duration wanted where this was found? */
export function isDurationSchema(error: ErrorObject): boolean {
  const pattern = (error.parentSchema as { pattern?: unknown } | undefined)?.pattern;
  return typeof pattern === 'string' && pattern.includes('us|ms');
}

function problem(code: string, message: string, at: Position, hint: string | undefined, length = 1): Diagnostic {
  return { severity: 'error', code, message, where: at, length, ...(hint !== undefined && { hint }) };
}

function suggest(key: string, error: ErrorObject): string {
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
