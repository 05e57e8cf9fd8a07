// A role's `argument_specs`, as Ansible writes them, turned into JSON Schema.
import { messageOf } from '../lib/errors.ts';
import { isJsonObject } from '../lib/json.ts';
import type { Json, JsonObject } from '../lib/json.ts';
import { validatorFor } from '../lib/validate.ts';
import { dataOf, textOf, valueOf } from '../lib/yaml-node.ts';
import type { YamlEntry, YamlNode } from '../lib/yaml-node.ts';
import { suggestion } from '../lib/suggest.ts';
import { keySpot } from './reader.ts';
import type { Reader } from './reader.ts';

const types: Readonly<Record<string, JsonObject>> = {
  str: { type: 'string' },
  int: { type: 'integer' },
  float: { type: 'number' },
  bool: { type: 'boolean' },
  list: { type: 'array' },
  dict: { type: 'object' },
  path: { type: 'string' },
  raw: {},
  json: {},
  jsonarg: {},
  bytes: { type: ['string', 'integer'] },
  bits: { type: ['string', 'integer'] },
};

/** The names of all types. */
export const argumentTypes: readonly string[] = Object.keys(types);

const optionKeys = [
  'type',
  'elements',
  'required',
  'default',
  'choices',
  'options',
  'description',
  'no_log',
  'version_added',
  'aliases',
  'apply_defaults',
];

/** The schema of one entry point (`main`, or the `tasks_from` of an include); `undefined` where it is not described. */
export function argumentSchema(reader: Reader, specs: YamlNode, entryPoint: string): JsonObject | undefined {
  const spec = valueOf(specs, entryPoint.replace(/\.(?:ya?ml|json)$/, ''));
  if (!spec) return undefined;
  const description = valueOf(spec, 'short_description');
  return {
    ...objectOf(reader, valueOf(spec, 'options')),
    ...(description && { description: dataOf(description) }),
  };
}

function objectOf(reader: Reader, options: YamlNode | undefined): JsonObject {
  if (!options || options.kind !== 'map') {
    if (options && !(options.kind === 'scalar' && options.value === null)) {
      reader.wrongType('"options"', 'a map of names to descriptions', options);
    }
    return { type: 'object', properties: {} };
  }
  const properties: Record<string, Json> = {};
  const required: string[] = [];
  for (const entry of options.entries.values()) {
    properties[entry.key] = optionSchema(reader, entry);
    if (isTrue(valueOf(entry.value, 'required'))) required.push(entry.key);
  }
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}

function optionSchema(reader: Reader, option: YamlEntry): JsonObject {
  const spec = option.value;
  if (spec.kind !== 'map') {
    reader.wrongType(`the description of "${option.key}"`, 'a map', spec);
    return {};
  }
  for (const entry of spec.entries.values()) {
    if (optionKeys.includes(entry.key)) continue;
    const message = `"${entry.key}" is not a keyword of an argument's description`;
    reader.error('unknown-keyword', message, keySpot(entry), suggestion(entry.key, optionKeys));
  }
  const options = valueOf(spec, 'options');
  const elements = valueOf(spec, 'elements');
  const base = baseSchema(reader, valueOf(spec, 'type'));
  const inner = options ? { ...objectOf(reader, options), additionalProperties: false } : undefined;
  const item = elements ? { ...typeSchema(reader, elements), ...(inner ?? {}) } : undefined;
  const given = (key: string) => valueOf(spec, key);
  return {
    ...base,
    ...(base['type'] === 'array' ? item && { items: item } : (inner ?? {})),
    ...copied(given('choices'), 'enum'),
    ...copied(given('default'), 'default'),
    ...copied(given('description'), 'description'),
    ...(isTrue(given('no_log')) && { writeOnly: true }),
  };
}

/** Without a type, Ansible means text. */
function baseSchema(reader: Reader, type: YamlNode | undefined): JsonObject {
  return type ? typeSchema(reader, type) : { type: 'string' };
}

function typeSchema(reader: Reader, node: YamlNode): JsonObject {
  const name = textOf(node) ?? '';
  const schema = Object.hasOwn(types, name) ? types[name] : undefined;
  if (schema) return schema;
  const hint = suggestion(name, Object.keys(types)) ?? `One of ${Object.keys(types).join(', ')}.`;
  reader.error('wrong-value', `there is no type "${name}"`, node, hint);
  return {};
}

function copied(node: YamlNode | undefined, key: string): JsonObject {
  if (!node) return {};
  const value = dataOf(node);
  return { [key]: key === 'description' && Array.isArray(value) ? value.join('\n') : value };
}

function isTrue(node: YamlNode | undefined): boolean {
  return node?.kind === 'scalar' && node.value === true;
}

/** The same as JSON Schema: a map with `properties`, for all entry points of the role. */
export function argumentJsonSchema(reader: Reader, root: YamlNode): JsonObject | undefined {
  const schema = dataOf(root);
  if (!isJsonObject(schema) || !isJsonObject(schema['properties'])) {
    const hint = 'Write the names of variables below `properties:`.';
    reader.error('wrong-value', 'a schema of arguments is a map with "properties"', root, hint);
    return undefined;
  }
  try {
    validatorFor(schema);
    return schema;
  } catch (error) {
    reader.error('wrong-value', `this is no JSON Schema: ${messageOf(error)}`, root, 'It is read as draft 07.');
    return undefined;
  }
}
