// All filters by name. A new topic is a new file and one line here.
import type { Filter } from '../callable.ts';
import { collectionFilters } from './collections.ts';
import { dataFilters } from './data.ts';
import { encodingFilters } from './encoding.ts';
import { generalFilters } from './general.ts';
import { listFilters } from './lists.ts';
import { mapFilters } from './maps.ts';
import { numberFilters } from './numbers.ts';
import { pathFilters } from './paths.ts';
import { regexFilters } from './regex.ts';
import { selectionFilters } from './selection.ts';
import { textFilters } from './texts.ts';

export const filters: ReadonlyMap<string, Filter> = new Map(
  [
    collectionFilters,
    dataFilters,
    encodingFilters,
    generalFilters,
    listFilters,
    mapFilters,
    numberFilters,
    pathFilters,
    regexFilters,
    selectionFilters,
    textFilters,
  ].flatMap((topic) => Object.entries(topic)),
);
