// All filters by name. A new topic is a new file and one line here.
import type { Filter } from '../callable.ts';
import { chanceFilters } from './chance.ts';
import { collectionFilters } from './collections.ts';
import { controllerPathFilters } from './controller-paths.ts';
import { dataFilters } from './data.ts';
import { encodingFilters } from './encoding.ts';
import { extraFilters } from './extras.ts';
import { generalFilters } from './general.ts';
import { ipFilters } from './ip.ts';
import { listFilters } from './lists.ts';
import { mapFilters } from './maps.ts';
import { numberFilters } from './numbers.ts';
import { pathFilters } from './paths.ts';
import { queryFilters } from './query.ts';
import { regexFilters } from './regex.ts';
import { selectionFilters } from './selection.ts';
import { textFilters } from './texts.ts';
import { timeFilters } from './time.ts';

export const filters: ReadonlyMap<string, Filter> = new Map(
  [
    chanceFilters,
    collectionFilters,
    controllerPathFilters,
    dataFilters,
    encodingFilters,
    extraFilters,
    generalFilters,
    ipFilters,
    listFilters,
    mapFilters,
    numberFilters,
    pathFilters,
    queryFilters,
    regexFilters,
    selectionFilters,
    textFilters,
    timeFilters,
  ].flatMap((topic) => Object.entries(topic)),
);
