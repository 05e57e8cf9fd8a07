// What the schema says of a configuration. Ajv would put what it judged and by what into each problem (`verbose`): with a
// schema of this size that makes its code a third larger, which the master holds in memory; both are found here from paths.
import { Ajv, type ErrorObject } from 'ajv';
import { quickToCompile } from '../../../lib/validate.ts';
import { isDurationSchema, pathOf } from './explain.ts';
import type { ConfigDocument } from './read.ts';
import { configSchema } from './schema.ts';
import { type Container, entryOf, isContainer, isRecord, type Path, putEntry, valueAt } from './places.ts';
import type { ConfigTree } from './tree.ts';

const validate = new Ajv({
  allErrors: true,
  useDefaults: true,
  strict: true,
  allowUnionTypes: true,
  code: quickToCompile,
}).compile<ConfigDocument>(configSchema);

/** Text of a variable counts as the number or the truth value that the schema wants there. */
export function schemaErrors({ root, places }: ConfigTree): readonly ErrorObject[] {
  for (;;) {
    if (validate(root)) return [];
    const errors = (validate.errors ?? []).map((error) => withContext(error, root));
    let converted = false;
    for (const error of errors) {
      const { keyword, instancePath, params } = error;
      if (keyword !== 'type' && keyword !== 'enum' && keyword !== 'const') continue;
      const path = pathOf(instancePath);
      const container = containerOf(root, path);
      const key = path.at(-1);
      if (!container || key === undefined) continue;
      const value = entryOf(container, key);
      // No unit changes what 0 means.
      if (value === 0 && isDurationSchema(error)) {
        putEntry(container, key, '0');
        converted = true;
        continue;
      }
      if (places.get(container, key)?.fromText !== true) continue;
      const meant = typeof value === 'string' ? fromText(value, (params as { type?: unknown }).type) : undefined;
      if (meant === undefined) continue;
      putEntry(container, key, meant);
      converted = true;
    }
    if (!converted) return errors;
  }
}

function fromText(text: string, type: unknown): number | boolean | undefined {
  if (type === 'integer' && /^-?[0-9]+$/.test(text)) return Number(text);
  if (type === 'number' && /^-?[0-9]+(\.[0-9]+)?$/.test(text)) return Number(text);
  if (type === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
  return undefined;
}

export function containerOf(root: unknown, path: Path): Container | undefined {
  const node = valueAt(root, path.slice(0, -1));
  return isContainer(node) ? node : undefined;
}

/** `data`: what was judged; `parentSchema`: that part of the schema which has the keyword. */
function withContext(error: ErrorObject, root: unknown): ErrorObject {
  const data = error.propertyName ?? valueAt(root, pathOf(error.instancePath));
  const path = pathOf(decodeURIComponent(error.schemaPath)).slice(0, -1);
  const schema = valueAt(configSchema, path);
  if (!isRecord(schema)) return { ...error, data };
  return { ...error, data, parentSchema: { ...schema, description: descriptionAt(path) } };
}

/** The description of a part of the schema; of an item of a list, or of one of several forms, that of the whole. */
function descriptionAt(path: Path): unknown {
  for (let end = path.length; end > 0; end -= 1) {
    const part = valueAt(configSchema, path.slice(0, end));
    if (isRecord(part) && typeof part['description'] === 'string') return part['description'];
    if (path[end - 1] !== 'items' && path[end - 2] !== 'anyOf' && path[end - 1] !== 'anyOf') return undefined;
  }
  return undefined;
}
