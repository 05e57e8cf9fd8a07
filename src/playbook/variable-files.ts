// `vars_files`: the engine reads them for each host, for their names may hold templates; those that do not are checked here.
import type { Templated } from '../language/value.ts';
import { textOf } from '../lib/yaml-node.ts';
import type { YamlNode } from '../lib/yaml-node.ts';
import { isTemplate } from './reader.ts';
import type { Reader } from './reader.ts';
import { listed } from './surroundings.ts';

/** Each entry is a name, or a list of names of which the first that exists counts. */
export function checkVariableFiles(
  reader: Reader,
  list: YamlNode | undefined,
  directory: string,
): readonly Templated[] {
  if (!list) return [];
  return listed(list).map((entry) => {
    checkEntry(reader, entry, directory);
    return reader.templated(entry);
  });
}

function checkEntry(reader: Reader, entry: YamlNode, directory: string): void {
  const names = listed(entry).map(textOf);
  if (!names.every((name) => name !== undefined)) {
    reader.wrongType('an entry of "vars_files"', 'the name of a file, or a list of names', entry);
    return;
  }
  // A template may name any file, so nothing can be said.
  if (names.some((name) => isTemplate(name))) return;
  const paths = names.map((name) => reader.resolve(directory, name));
  const path = paths.find((candidate) => reader.exists(candidate));
  if (path === undefined) {
    reader.error(
      'file-not-found',
      `there is no file of variables "${names.join('", "')}"`,
      entry,
      `Looked for ${paths.join(', ')}.`,
    );
    return;
  }
  const root = reader.yaml(path);
  if (root) reader.variables(root);
}
