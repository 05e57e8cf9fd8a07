// Which format a file has, and its conversion.
import type { Source } from '../config/tree.ts';
import { readTree } from '../config/tree.ts';
import type { Environment } from '../config/variables.ts';
import { type ChangedPatterns, unchanged } from '../patterns/pattern-list.ts';
import { type Conversion, convertHaproxy } from './haproxy/convert.ts';
import type { ReadFile } from './haproxy/conditions.ts';
import { convertMogoly, isMogoly } from './mogoly.ts';
import { convertTerraster, isTerraster } from './terraster.ts';

/** A haproxy.cfg by its ending, others by what they hold. Undefined: it is a file of our own. */
export function convertFile(
  source: Source,
  environment: Environment,
  readFile: ReadFile,
  changed: ChangedPatterns = unchanged,
): Conversion | undefined {
  const { file, text } = source;
  if (file.endsWith('.cfg')) return convertHaproxy(text, file, environment, readFile, changed);
  const tree = readTree([source], environment);
  const convert = isMogoly(tree) ? convertMogoly : isTerraster(tree) ? convertTerraster : undefined;
  const converter = convert?.(tree);
  return converter && { tree: converter.tree, notes: converter.report.notes, lists: [] };
}
