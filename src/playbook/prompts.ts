// `vars_prompt`: what a play asks whoever runs it.
import { compileExpression } from '../language/expression.ts';
import { checkVariableName } from '../language/yaml-variables.ts';
import { textOf } from '../lib/yaml-node.ts';
import type { YamlMap, YamlNode } from '../lib/yaml-node.ts';
import { suggestion } from '../lib/suggest.ts';
import type { Prompt } from './ast.ts';
import { keySpot } from './reader.ts';
import type { Reader } from './reader.ts';
import { valueGiven } from './surroundings.ts';

const keys = ['name', 'prompt', 'default', 'private', 'confirm', 'encrypt', 'salt', 'salt_size', 'unsafe'];

/** Hashes by Ansible's names, and what the filter password_hash calls them. */
const schemes: Readonly<Record<string, string>> = {
  bcrypt: 'bcrypt',
  md5_crypt: 'md5',
  sha256_crypt: 'sha256',
  sha512_crypt: 'sha512',
};

/** Reads the list; a map of names to questions is an old form of it. */
export function readPrompts(reader: Reader, list: YamlNode | undefined): readonly Prompt[] {
  if (!list) return [];
  if (list.kind === 'map') {
    return [...list.entries.values()].map(({ key, where, value }) => {
      checkVariableName(key, where, reader.report);
      return { where, name: key, question: textOf(value) ?? key, isPrivate: true, confirm: false };
    });
  }
  if (list.kind !== 'list') return [];
  return list.items.flatMap((item) => readPrompt(reader, item) ?? []);
}

function readPrompt(reader: Reader, item: YamlNode): Prompt | null {
  if (item.kind !== 'map') {
    reader.wrongType('an entry of "vars_prompt"', 'a map with "name"', item);
    return null;
  }
  for (const entry of item.entries.values()) {
    if (keys.includes(entry.key)) continue;
    const hint = suggestion(entry.key, keys) ?? `It takes ${keys.join(', ')}.`;
    reader.error('unknown-keyword', `"${entry.key}" is not a keyword of vars_prompt`, keySpot(entry), hint);
  }
  const named = valueGiven(item, 'name');
  const name = textOf(named);
  if (!named || name === undefined) {
    reader.error('missing-keyword', 'an entry of "vars_prompt" needs "name"', item);
    return null;
  }
  checkVariableName(name, named.where, reader.report);
  const preset = valueGiven(item, 'default');
  const hash = readHash(reader, item);
  return {
    where: item.where,
    name,
    question: textOf(valueGiven(item, 'prompt')) ?? name,
    isPrivate: flag(reader, item, 'private', true),
    confirm: flag(reader, item, 'confirm', false),
    ...(preset && { preset: reader.templated(preset) }),
    ...(hash && { hash }),
  };
}

/** `encrypt`: an expression over `answer`. */
function readHash(reader: Reader, item: YamlMap): Prompt['hash'] {
  const node = valueGiven(item, 'encrypt');
  const given = textOf(node);
  if (!node || given === undefined) return undefined;
  const scheme = Object.hasOwn(schemes, given) ? schemes[given] : undefined;
  if (scheme === undefined) {
    const names = Object.keys(schemes);
    reader.error('wrong-value', `"encrypt" must be one of ${names.join(', ')}`, node, suggestion(given, names));
    return undefined;
  }
  const salt = textOf(valueGiven(item, 'salt'));
  const words = salt === undefined ? `'${scheme}'` : `'${scheme}', ${JSON.stringify(salt)}`;
  const { expression, diagnostics } = compileExpression(`answer | password_hash(${words})`, node.where);
  diagnostics.forEach(reader.report);
  return expression ?? undefined;
}

function flag(reader: Reader, item: YamlMap, key: string, otherwise: boolean): boolean {
  const node = valueGiven(item, key);
  const value = node?.kind === 'scalar' ? node.value : undefined;
  if (!node) return otherwise;
  if (typeof value === 'boolean') return value;
  reader.wrongType(`"${key}"`, 'true or false', node);
  return otherwise;
}
