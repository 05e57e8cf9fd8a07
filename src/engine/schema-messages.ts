// Says in one line each what is wrong with evaluated values (the playbook's own text is judged by src/playbook, with places).
import { nearestName } from '../lib/suggest.ts';
import { validatorFor } from '../lib/validate.ts';

export interface SchemaMessage {
  /** The property at the top that it is about. */
  readonly property: string;
  readonly message: string;
  readonly hint?: string;
  /** What does not fit, where it is a value. */
  readonly value?: unknown;
}

/** What is wrong with `value` under `schema`; nothing if it is valid. What is missing can be left out. */
export function schemaMessages(
  schema: object,
  value: unknown,
  options: { readonly missing: boolean } = { missing: true },
): readonly SchemaMessage[] {
  const problems = validatorFor(schema)(value).filter(({ kind }) => options.missing || kind !== 'missing');
  return problems.map((problem) => {
    const place = [...problem.path].join('.');
    const given = problem.kind === 'wrong' ? String(partAt(value, problem.path)) : problem.name;
    const suggestion = nearestName(given, problem.candidates);
    const text = suggestion === null ? problem.hint : `did you mean "${suggestion}"?`;
    const hint = text === undefined ? {} : { hint: text };
    const property = problem.path[0] ?? problem.name;
    switch (problem.kind) {
      case 'unknown':
        return { property, message: `"${problem.name}" is not known${place ? ` in ${place}` : ''}`, ...hint };
      case 'missing':
        return { property, message: `"${problem.name}" is missing${place ? ` in ${place}` : ''}` };
      case 'wrong':
        return {
          property,
          message: `"${place}" must be ${problem.wanted}, not ${isSecret(schema, property) ? 'what is given (it is secret)' : shown(value, problem.path)}`,
          value: partAt(value, problem.path),
          ...hint,
        };
      default:
        problem.kind satisfies never;
        return { property, message: 'is not valid' };
    }
  });
}

/** What a schema calls `writeOnly` is not shown. */
function isSecret(schema: object, property: string): boolean {
  const described = partAt(schema, ['properties', property]);
  return typeof described === 'object' && described !== null && Reflect.get(described, 'writeOnly') === true;
}

function shown(value: unknown, path: readonly string[]): string {
  const text = JSON.stringify(partAt(value, path)) as string | undefined;
  if (text === undefined) return 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function partAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}
