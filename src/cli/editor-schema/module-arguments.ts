// What may stand behind the name of a module: its arguments, with templates allowed in all of them.
import type { AnyModule } from '../../core/module.ts';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import { anyOf, nothing, orTemplate } from './parts.ts';

export interface ArgumentsOptions {
  /** Defaults of a module need not be complete. */
  readonly partial: boolean;
}

export function argumentsSchema(module: AnyModule, { partial }: ArgumentsOptions): JsonObject {
  const { properties, required = [], additionalProperties } = module.schema;
  const own: Record<string, JsonObject> = {};
  for (const [name, property] of Object.entries(properties)) own[name] = templated(asJson(property));
  for (const [alias, name] of Object.entries(module.argumentAliases ?? {})) {
    const schema = own[name];
    const { description } = properties[name] ?? {};
    if (schema) own[alias] = { ...schema, description: `The same as ${name}. ${description ?? ''}` };
  }
  const map: JsonObject = {
    type: 'object',
    additionalProperties,
    properties: own,
    ...(partial || required.length === 0 ? {} : { allOf: required.map((name) => oneGiven(module, name)) }),
  };
  if (partial) return map;
  const alternatives = [
    map,
    ...(module.freeForm === undefined ? [] : [{ type: 'string', description: `${module.freeForm}, as text` }]),
    ...(required.length === 0 ? [nothing] : []),
  ];
  const only = alternatives.length === 1 ? map : anyOf(...alternatives);
  return { description: module.summary, ...only };
}

/** A required argument, under its own name or another one that it has. */
function oneGiven(module: AnyModule, name: string): JsonObject {
  const aliases = Object.entries(module.argumentAliases ?? {}).flatMap(([alias, of]) => (of === name ? [alias] : []));
  const alternatives = [name, ...aliases].map((one) => ({ required: [one] }));
  return alternatives.length === 1 ? { required: [name] } : { anyOf: alternatives };
}

/** Templates may stand for the whole, for items and for values. */
function templated(schema: JsonObject): JsonObject {
  const {
    $comment: _hint,
    writeOnly: _secret,
    items,
    properties,
    anyOf: alternatives,
    additionalProperties,
    ...rest
  } = schema;
  return orTemplate({
    ...rest,
    ...(isJsonObject(items) ? { items: templated(items) } : {}),
    ...(isJsonObject(properties) ? { properties: mapped(properties) } : {}),
    ...(Array.isArray(alternatives) ? { anyOf: alternatives.filter(isJsonObject).map(templated) } : {}),
    ...(additionalProperties === undefined
      ? {}
      : {
          additionalProperties: isJsonObject(additionalProperties)
            ? templated(additionalProperties)
            : additionalProperties,
        }),
  });
}

function mapped(properties: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, isJsonObject(schema) ? templated(schema) : schema]),
  );
}

/** A module's schema is plain data; only its type says more. */
function asJson(schema: object): JsonObject {
  const copy: Json = JSON.parse(JSON.stringify(schema)) as Json;
  return isJsonObject(copy) ? copy : {};
}
