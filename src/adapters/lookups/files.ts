// Lookups that find and read files of the controller.
import { existsSync, globSync, statSync } from 'node:fs';
import { basename, isAbsolute, resolve } from 'node:path';
import type { LookupRequest } from '../../language/controller.ts';
import { flagOption, textTerm } from '../../language/lookups/options.ts';
import type { Value, ValueMap } from '../../language/value.ts';
import { isList, isMap, ownValue } from '../../language/values.ts';
import { readTextFile } from '../text-file.ts';
import { VezaError } from '../../lib/errors.ts';
import { findFile, type FolderKind, placesOf, rootsOf } from './places.ts';

export const fileLookups = { file, fileglob, first_found: firstFound } as const;

function file({ terms, options, scope }: LookupRequest): readonly Value[] {
  return terms.map((term) => {
    const text = readTextFile(findFile('file', textTerm('file', term), ['files'], scope));
    const front = flagOption(options, 'lstrip', false) ? text.trimStart() : text;
    return flagOption(options, 'rstrip', true) ? front.trimEnd() : front;
  });
}

/** Files only, sorted. A relative pattern counts in the first folder that has a match. */
function fileglob({ terms, scope }: LookupRequest): readonly Value[] {
  return terms.flatMap((term) => {
    const pattern = textTerm('fileglob', term);
    const folders = isAbsolute(pattern) ? [''] : rootsOf(scope).flatMap((root) => [resolve(root, 'files'), root]);
    for (const folder of folders) {
      const found = filesOf(folder === '' ? pattern : resolve(folder, pattern));
      if (found.length > 0) return found;
    }
    return [];
  });
}

/** Files that match a shell pattern; names with a leading dot only where the pattern has one. */
export function filesOf(pattern: string): readonly string[] {
  const showsHidden = basename(pattern).startsWith('.');
  return globSync(pattern)
    .filter((path) => (showsHidden || !basename(path).startsWith('.')) && statSync(path).isFile())
    .map((path) => resolve(path))
    .sort();
}

const anywhere: readonly FolderKind[] = ['files', 'templates', 'vars', 'tasks'];

/** The first file that exists: of terms, or of each `files` in each of `paths`. */
function firstFound({ terms, options, scope }: LookupRequest): readonly Value[] {
  const searches = terms.length === 0 ? [options] : terms.flatMap((term) => (isList(term) ? term : [term]));
  let skips = flagOption(options, 'skip', false);
  const tried: string[] = [];
  for (const search of searches) {
    if (isMap(search)) skips ||= flagOption(search, 'skip', false);
    for (const path of isMap(search) ? pathsOf(search, options) : [textTerm('first_found', search)]) {
      const places = placesOf(path, anywhere, scope);
      const found = places.find((place) => existsSync(place));
      if (found !== undefined) return [found];
      tried.push(...places);
    }
  }
  if (skips) return [];
  const all = [...new Set(tried)];
  throw new VezaError('file-not-found', "the lookup 'first_found' finds none of the files", {
    hint: `looked for ${all.slice(0, 12).join(', ')}${all.length > 12 ? ` and ${all.length - 12} more` : ''}; skip=True makes this no error`,
  });
}

function pathsOf(search: ValueMap, options: ValueMap): readonly string[] {
  const files = namesOf(ownValue(search, 'files'));
  const folders = namesOf(ownValue(search, 'paths') ?? ownValue(options, 'paths'));
  return folders.length === 0 ? files : folders.flatMap((folder) => files.map((name) => `${folder}/${name}`));
}

function namesOf(value: Value | undefined): readonly string[] {
  if (value === undefined || value === null) return [];
  if (isList(value)) return value.flatMap(namesOf);
  return textTerm('first_found', value)
    .split(/[,;]/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
