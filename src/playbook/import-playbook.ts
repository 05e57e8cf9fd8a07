// `import_playbook`: the plays of another file in place of this entry.
import { dirname } from 'node:path';
import type { Variables } from '../language/value.ts';
import { textOf } from '../lib/yaml-node.ts';
import type { YamlEntry, YamlMap } from '../lib/yaml-node.ts';
import { suggestion } from '../lib/suggest.ts';
import type { Play } from './ast.ts';
import { readPlays } from './plays.ts';
import type { Importing } from './plays.ts';
import { isTemplate, keySpot } from './reader.ts';
import type { Reader } from './reader.ts';
import { enter, newPlayState, nothingInherited, valueGiven } from './surroundings.ts';

const names = ['import_playbook', 'ansible.builtin.import_playbook'];
const allowed = ['name', 'when', 'tags', 'vars'];

/** The entry that makes this an import. */
export function importPlaybookKey(map: YamlMap): YamlEntry | undefined {
  return names.map((name) => map.entries.get(name)).find((entry) => entry !== undefined);
}

/** The imported plays; its variables win over theirs, its conditions and tags reach every task. */
export function readImport(
  reader: Reader,
  path: string,
  map: YamlMap,
  entry: YamlEntry,
  outer: Importing,
): readonly Play[] {
  for (const other of map.entries.values()) {
    if (other === entry || allowed.includes(other.key)) continue;
    const hint = suggestion(other.key, allowed) ?? `It takes ${allowed.join(', ')}.`;
    reader.error('unknown-keyword', `"${other.key}" is not a keyword of import_playbook`, keySpot(other), hint);
  }
  const name = textOf(entry.value);
  if (name === undefined) {
    reader.wrongType('"import_playbook"', 'the name of a file', entry.value);
    return [];
  }
  if (isTemplate(name)) {
    reader.error('dynamic-include', 'what import_playbook reads must be known before anything runs', entry.value);
    return [];
  }
  const target = reader.resolve(dirname(path), name);
  if (!reader.exists(target)) {
    reader.error('file-not-found', `there is no playbook "${name}"`, entry.value, `Looked for ${target}.`);
    return [];
  }
  if (outer.open.includes(target)) {
    const way = [...outer.open, target].join(' -> ');
    reader.error('include-cycle', `${target} imports itself`, entry.value, `By way of ${way}.`);
    return [];
  }
  return readPlays(reader, target, importingFrom(reader, map, outer, target));
}

function importingFrom(reader: Reader, map: YamlMap, outer: Importing, target: string): Importing {
  const inside = enter(
    reader,
    map,
    {
      play: newPlayState(),
      inherited: nothingInherited,
      when: outer.when,
      tags: outer.tags,
      vars: [],
      includeParams: [],
      notify: [],
      directory: '',
      open: [],
      chain: [],
      place: 'task',
    },
    { vars: false },
  );
  const vars: Variables = new Map([...reader.variables(valueGiven(map, 'vars')), ...outer.vars]);
  return { when: inside.when, tags: inside.tags, vars, open: [...outer.open, target] };
}
