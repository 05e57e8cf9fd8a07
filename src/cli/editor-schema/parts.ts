// The pieces that all schemas for editors are put together from. JSON Schema draft 07: what yaml-language-server reads.
import type { Json, JsonObject } from '../../lib/json.ts';

export const draft = 'http://json-schema.org/draft-07/schema#';

/** A text with a template in it: anything may come of it. */
export const template: JsonObject = { type: 'string', pattern: '\\{\\{|\\{%' };

export const variableName = '^[A-Za-z_][A-Za-z0-9_]*$';

/** The schema, or a template. What describes it stays outside, where editors look for it. */
export function orTemplate(schema: JsonObject): JsonObject {
  const { description, default: fallback, ...rest } = schema;
  const types = [rest['type'] ?? []].flat();
  const anyText = types.includes('string') && rest['pattern'] === undefined && rest['enum'] === undefined;
  const anything = Object.keys(rest).length === 0;
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    ...(anyText || anything ? rest : { anyOf: [rest, template] }),
  };
}

/** One of several schemas. */
export function anyOf(...schemas: readonly JsonObject[]): JsonObject {
  return { anyOf: schemas };
}

/** A map with these keys and no others. */
export function closed(properties: Readonly<Record<string, Json>>, more: JsonObject = {}): JsonObject {
  return { type: 'object', additionalProperties: false, properties, ...more };
}

export const nothing: JsonObject = { type: 'null' };
export const text: JsonObject = { type: ['string', 'number', 'boolean'] };

/** Variables: names that can be names, values of any kind. */
export const variables: JsonObject = { type: ['object', 'null'], propertyNames: { pattern: variableName } };

/** A text or a list of texts. */
export const names: JsonObject = { anyOf: [text, { type: 'array', items: text }, nothing] };

/** A definition, with room for a description beside it: in draft 07 nothing counts beside `$ref` itself. */
export function reference(name: string): JsonObject {
  return { allOf: [{ $ref: `#/definitions/${name}` }] };
}
