// What templates gave, as what the module takes: a template has the type of its value, and variables given with
// `-e name=value` are always texts. As Ansible does; what is written in the playbook itself is judged as it is.
import { isUnknown } from '../core/unknown.ts';
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts';

/** Arguments by their own names; `raw` is what the playbook says. */
export function convertTemplated(args: JsonObject, schema: JsonObject, raw: (name: string) => unknown): JsonObject {
  const properties = schema['properties'];
  if (!isJsonObject(properties)) return args;
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => {
      const property = properties[name];
      return [name, isJsonObject(property) && isTemplated(raw(name)) ? converted(value, property) : value];
    }),
  );
}

function isTemplated(raw: unknown): boolean {
  if (typeof raw === 'string') return raw.includes('{{') || raw.includes('{%');
  return typeof raw === 'object' && raw !== null && Object.values(raw).some(isTemplated);
}

function converted(value: Json, schema: JsonObject): Json {
  if (isUnknown(value)) return value;
  const { type, items } = schema;
  const takes = (name: string) => type === name || (Array.isArray(type) && type.includes(name));
  switch (typeof value) {
    case 'number':
    case 'boolean':
      // A number for a mode (0644 has become 420) is a mistake that must be told, not a text.
      if (!takes('string') || takes(typeof value) || takes('integer') || schema['$comment'] !== undefined) return value;
      return typeof value === 'number' ? String(value) : value ? 'True' : 'False';
    case 'string':
      return takes('string') ? value : fromText(value, takes);
    default:
      if (!Array.isArray(value) || !isJsonObject(items)) return value;
      return value.map((item) => converted(item as Json, items));
  }
}

function fromText(text: string, takes: (name: string) => boolean): Json {
  if (takes('boolean') && /^(?:y|yes|t|true|on|1)$/i.test(text)) return true;
  if (takes('boolean') && /^(?:n|no|f|false|off|0)$/i.test(text)) return false;
  if (takes('integer') && /^[-+]?\d+$/.test(text.trim())) return Number(text);
  if (takes('number') && /^[-+]?\d+(?:\.\d+)?$/.test(text.trim())) return Number(text);
  return takes('array') ? text.split(',').map((part) => part.trim()) : text;
}
