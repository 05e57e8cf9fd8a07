// A task's arguments on one host: evaluated, checked against the module's schema, secrets noted.
import { isUnknown, type Unknown } from '../core/unknown.ts';
import { canonicalArgs, type AnyModule } from '../core/module.ts';
import { VezaError } from '../lib/errors.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';
import type { Redactor } from '../lib/redact.ts';
import type { Scope, Value } from '../language/value.ts';
import type { Task } from '../playbook/ast.ts';
import { convertTemplated } from './conversion.ts';
import { schemaMessages } from './schema-messages.ts';

/** The first unknown part of a value, at any depth. */
export function unknownIn(value: Value): Unknown | null {
  if (isUnknown(value)) return value;
  if (typeof value !== 'object' || value === null) return null;
  for (const part of Object.values(value)) {
    const found = unknownIn(part as Value);
    if (found) return found;
  }
  return null;
}

/**
 * Evaluated and valid arguments, or what is unknown in them; `guess` leaves unknown ones out instead.
 * Throws VezaError `invalid-arguments`.
 */
export function evaluateArguments(
  task: Task,
  module: AnyModule,
  scope: Scope,
  redactor: Redactor,
  guess: boolean,
): JsonObject | Unknown {
  const defaults = task.moduleDefaults.map((templated) => moduleDefaultsFor(templated.evaluate(scope), module.name));
  const evaluated = task.args.evaluate(scope);
  const own = guess ? withoutUnknown(evaluated) : evaluated;
  const open = unknownIn(own) ?? defaults.map(unknownIn).find((one) => one !== null);
  if (open) return open;
  const given = canonicalArgs(module, Object.assign({}, ...defaults, own) as JsonObject) as JsonObject;
  const args = convertTemplated(given, asObject(module.schema), rawOf(task, module));
  noteSecrets(args, module, redactor);
  const violations = schemaMessages(asObject(module.schema), args);
  if (violations.length > 0) {
    throw new VezaError('invalid-arguments', `${module.name}: ${violations.map(({ message }) => message).join('; ')}`, {
      where: task.moduleWhere,
      hint: violations.find(({ hint }) => hint)?.hint ?? `it takes ${Object.keys(module.schema.properties).join(', ')}`,
    });
  }
  return args;
}

/** What the playbook says of an argument; of one that only a template or a default gives, a template. */
function rawOf({ args: { raw } }: Task, module: AnyModule): (name: string) => unknown {
  if (!isJsonObject(raw)) return () => '{{ }}';
  const written = canonicalArgs(module, raw);
  return (name) => (Object.hasOwn(written, name) ? written[name] : '{{ }}');
}

function withoutUnknown(args: Value): Value {
  if (isUnknown(args) || typeof args !== 'object' || args === null || Array.isArray(args)) return args;
  return Object.fromEntries(Object.entries(args).filter(([, value]) => unknownIn(value as Value) === null));
}

function moduleDefaultsFor(defaults: Value, module: string): JsonObject {
  if (!isJsonObject(defaults)) return {};
  const own = defaults[module] ?? defaults[`ansible.builtin.${module}`];
  return isJsonObject(own) ? own : {};
}

function noteSecrets(args: JsonObject, module: AnyModule, redactor: Redactor): void {
  const properties = asObject(module.schema)['properties'];
  if (!isJsonObject(properties)) return;
  for (const [name, schema] of Object.entries(properties)) {
    const value = args[name];
    if (isJsonObject(schema) && schema['writeOnly'] === true && typeof value === 'string') redactor.add(value);
  }
}

function asObject(schema: AnyModule['schema']): JsonObject {
  // A module's schema is a literal object; the type of JSON Schema also allows `true`.
  return schema as unknown as JsonObject;
}
