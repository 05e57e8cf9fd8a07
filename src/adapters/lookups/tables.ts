// Lookups in INI, properties and CSV files.
import type { LookupRequest } from '../../language/controller.ts';
import { flagOption, numberOption, textOption, textTerm } from '../../language/lookups/options.ts';
import { readPairs } from '../../language/lookups/pairs.ts';
import { compileRegex } from '../../language/regex.ts';
import type { Value, ValueMap } from '../../language/value.ts';
import { ownValue } from '../../language/values.ts';
import { readTextFile } from '../text-file.ts';
import { VezaError } from '../../lib/errors.ts';
import { findFile } from './places.ts';

export const tableLookups = { ini, csvfile } as const;

const iniOptions = ['type', 'file', 'section', 're', 'encoding', 'default', 'case_sensitive', 'allow_no_value'];
const csvOptions = ['file', 'delimiter', 'col', 'keycol', 'default', 'encoding'];

function ini({ terms, options, scope }: LookupRequest): readonly Value[] {
  return terms.flatMap((term) => {
    const { key, wanted } = read('ini', term, options, iniOptions);
    const properties = textOption(wanted, 'type', 'ini') === 'properties';
    const text = readTextFile(findFile('ini', textOption(wanted, 'file', 'ansible.ini'), ['files'], scope));
    const entries = iniSection(text, properties ? null : textOption(wanted, 'section', 'global'));
    const fold = (name: string): string => (flagOption(wanted, 'case_sensitive', false) ? name : name.toLowerCase());
    if (flagOption(wanted, 're', false)) {
      const pattern = compileRegex(key, '');
      return entries.filter(([name]) => pattern.test(fold(name))).map(([, value]) => value);
    }
    const found = entries.findLast(([name]) => fold(name) === fold(key))?.[1];
    return [found ?? ownValue(wanted, 'default') ?? ''];
  });
}

/** Keys and values of a section; of the whole file for properties. DEFAULT holds for every section. */
function iniSection(text: string, section: string | null): readonly (readonly [string, string])[] {
  const entries: [string, string][] = [];
  let current: string | null = null;
  for (const line of text.split(/\r?\n/)) {
    const [, heading] = /^\[([^\]]+)\]/.exec(line) ?? [];
    if (heading !== undefined) current = heading;
    else if (/^\s*(?:[#;]|$)/.test(line)) continue;
    else if (section === null || current === section || current === 'DEFAULT') {
      const last = entries.at(-1);
      const [, name = line.trim(), value = ''] = /^([^=:]+?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
      if (/^\s/.test(line) && last) last[1] += `\n${line.trim()}`;
      else entries.push([name.trim(), value]);
    }
  }
  return entries;
}

function csvfile({ terms, options, scope }: LookupRequest): readonly Value[] {
  return terms.flatMap((term) => {
    const { key, wanted } = read('csvfile', term, options, csvOptions);
    const written = textOption(wanted, 'delimiter', 'TAB');
    const delimiter = written === 'TAB' || written === '\\t' ? '\t' : written;
    const text = readTextFile(findFile('csvfile', textOption(wanted, 'file', 'ansible.csv'), ['files'], scope));
    const keyColumn = numberOption(wanted, 'keycol', 0);
    const row = csvRows(text, delimiter).find((cells) => cells[keyColumn] === key);
    const found = row?.[numberOption(wanted, 'col', 1)] ?? ownValue(wanted, 'default');
    return found === undefined ? [] : [found];
  });
}

/** Rows of cells; quoted cells may hold the delimiter, line feeds and doubled quotes. */
function csvRows(text: string, delimiter: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const endRow = (): void => {
    if (row.length > 0 || cell !== '') rows.push([...row, cell]);
    [row, cell] = [[], ''];
  };
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (quoted && character === '"' && text[index + 1] === '"') {
      cell += '"';
      index += 1;
    } else if (character === '"' && (quoted || cell === '')) quoted = !quoted;
    else if (quoted) cell += character;
    else if (character === delimiter) {
      row.push(cell);
      cell = '';
    } else if (character === '\n') endRow();
    else if (character !== '\r') cell += character;
  }
  endRow();
  return rows;
}

function read(
  plugin: string,
  term: Value,
  options: ValueMap,
  known: readonly string[],
): { readonly key: string; readonly wanted: ValueMap } {
  const pairs = readPairs(plugin, textTerm(plugin, term), known);
  const wanted = { ...pairs.options, ...options };
  const strange = Object.keys(wanted).find((name) => !known.includes(name));
  if (strange === undefined) return { key: pairs.term, wanted };
  throw new VezaError('wrong-arguments', `the lookup '${plugin}' has no option '${strange}'`, {
    hint: `it has ${known.join(', ')}`,
  });
}
