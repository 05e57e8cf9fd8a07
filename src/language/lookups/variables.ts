// Lookups of variables, and of the hosts of the inventory, by name.
import { VezaError } from '../../lib/errors.ts';
import { didYouMean } from '../../lib/suggest.ts';
import { fail } from '../budget.ts';
import { checkSubject, compileRegex } from '../regex.ts';
import type { Value } from '../value.ts';
import { isList, isMap, kindOf, ownValue } from '../values.ts';
import type { LookupCall, PureLookup } from './index.ts';

export const variableLookups: Readonly<Record<string, PureLookup>> = {
  vars: { options: ['default'], run: values },
  varnames: { run: names },
  inventory_hostnames: { run: hosts },
};

function values(terms: readonly Value[], { scope, options }: LookupCall): readonly Value[] {
  return terms.map((term) => {
    const name = nameOf('vars', term);
    const found = scope.get(name) ?? ownValue(options, 'default');
    if (found !== undefined) return found;
    const hint = didYouMean(name, scope.names());
    throw new VezaError('undefined-variable', `'${name}' is undefined`, hint === null ? {} : { hint });
  });
}

function names(terms: readonly Value[], { scope, budget }: LookupCall): readonly Value[] {
  const all = [...scope.names()];
  return terms.flatMap((term) => {
    const pattern = compileRegex(nameOf('varnames', term), '');
    return all.filter((name) => pattern.test(checkSubject(name, budget)));
  });
}

/** Hosts of groups and by name: `web:db`, `all:!old`, `web:&north`; no ranges and no regular expressions. */
function hosts(terms: readonly Value[], { scope }: LookupCall): readonly Value[] {
  const groups = scope.get('groups') ?? {};
  const members = (name: string): readonly Value[] => {
    const found = isMap(groups) ? (ownValue(groups, name === '*' ? 'all' : name) ?? null) : null;
    if (isList(found)) return found;
    if (isMap(groups) && [...Object.values(groups)].some((list) => isList(list) && list.includes(name))) return [name];
    return /[[~*?]/.test(name) ? fail(`inventory_hostnames takes names of groups and hosts, not '${name}'`) : [];
  };
  return terms.flatMap((term) => {
    const parts = nameOf('inventory_hostnames', term)
      .split(/[:,]/)
      .filter((part) => part !== '');
    const begin = parts.filter((part) => !/^[!&]/.test(part)).flatMap(members);
    const picked = parts.reduce((left, part) => {
      if (part.startsWith('&')) return left.filter((host) => members(part.slice(1)).includes(host));
      return part.startsWith('!') ? left.filter((host) => !members(part.slice(1)).includes(host)) : left;
    }, begin);
    return [...new Set(picked)];
  });
}

function nameOf(plugin: string, term: Value): string {
  return typeof term === 'string' ? term : fail(`the lookup '${plugin}' needs a name, not ${kindOf(term)}`);
}
