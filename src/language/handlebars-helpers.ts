// The helpers of Handlebars templates. Most are filters and tests of the expression language under the names
// that Handlebars' users expect.
import type { Position } from '../lib/diagnostic.ts';
import { VezaError } from '../lib/errors.ts';
import { getItem } from './access.ts';
import { type Budget, fail } from './budget.ts';
import { newFrame } from './compile.ts';
import { runFilter } from './compile-filter.ts';
import { compare } from './comparison.ts';
import { filters } from './filters/index.ts';
import { digest } from './filters/encoding.ts';
import { didYouMean } from '../lib/suggest.ts';
import { firstUnknown } from './operators.ts';
import type { CompareOperator } from './syntax.ts';
import { textOf } from './text.ts';
import type { Scope, Value, ValueMap } from './value.ts';
import { isList, isMap, isUndefined, isUnknown, ownValue, used } from './values.ts';

interface Site {
  readonly scope: Scope;
  readonly budget: Budget;
  readonly where: Position;
}

export interface Helper {
  /** What may be missing among the arguments: nothing, attributes of things that are there, anything. */
  readonly lenient: 'none' | 'attributes' | 'all';
  run(args: readonly Value[], named: ValueMap, site: Site): Value;
}

export const helpers: ReadonlyMap<string, Helper> = new Map<string, Helper>([
  ['default', { lenient: 'all', run: (args) => args.find(isGiven) ?? args.at(-1) ?? null }],
  ['defined', { lenient: 'all', run: ([value = null]) => !isUndefined(value) }],
  ['and', { lenient: 'attributes', run: (args) => logic(args, false) }],
  ['or', { lenient: 'attributes', run: (args) => logic(args, true) }],
  ['not', { lenient: 'attributes', run: ([value = null]) => (isUnknown(value) ? value : !truthOf(used(value))) }],
  ['ternary', { lenient: 'attributes', run: ternary }],
  ['eq', comparing('==')],
  ['ne', comparing('!=')],
  ['lt', comparing('<')],
  ['le', comparing('<=')],
  ['lte', comparing('<=')],
  ['gt', comparing('>')],
  ['ge', comparing('>=')],
  ['gte', comparing('>=')],
  [
    'contains',
    strict(([container = null, value = null], _named, { budget }) => compare('in', value, container, budget)),
  ],
  ['join', filterHelper('join')],
  ['json', filterHelper('to_json', { ensure_ascii: false })],
  ['toJson', filterHelper('to_json', { ensure_ascii: false })],
  ['toNiceJson', filterHelper('to_nice_json', { ensure_ascii: false })],
  ['yaml', filterHelper('to_nice_yaml', { indent: 2 })],
  ['toYaml', filterHelper('to_nice_yaml', { indent: 2 })],
  ['indent', filterHelper('indent')],
  ['b64', filterHelper('b64encode')],
  ['b64decode', filterHelper('b64decode')],
  ['sha256', strict(([value = null], _named, { budget }) => digest(textOf(value, budget), 'sha256'))],
  ['regexReplace', filterHelper('regex_replace')],
  ['replace', filterHelper('replace')],
  ['lower', filterHelper('lower')],
  ['upper', filterHelper('upper')],
  ['trim', filterHelper('trim')],
  ['quote', filterHelper('quote')],
  ['length', filterHelper('length')],
  ['first', filterHelper('first')],
  ['last', filterHelper('last')],
  ['sort', filterHelper('sort')],
  ['unique', filterHelper('unique')],
  ['keys', filterHelper('keys')],
  ['values', filterHelper('values')],
  ['split', filterHelper('split')],
  ['concat', strict((args, _named, { budget }) => args.map((part) => textOf(part, budget)).join(''))],
  ['lookup', { lenient: 'none', run: lookup }],
  ['groupHosts', strict(([group = null], _named, site) => groupHosts(textOf(group, site.budget), site))],
  ['hostvar', strict(hostVariable)],
]);

function isGiven(value: Value): boolean {
  return !isUndefined(value) && value !== null && value !== '';
}

function logic(args: readonly Value[], isOr: boolean): Value {
  let doubt: Value | null = null;
  for (const arg of args) {
    const value = used(arg);
    if (isUnknown(value)) doubt ??= value;
    else if (truthOf(value) === isOr) return value;
  }
  return doubt ?? args.at(-1) ?? !isOr;
}

function truthOf(value: Value): boolean {
  return isList(value) ? value.length > 0 : Boolean(value);
}

function ternary([condition = null, yes = null, no = null]: readonly Value[]): Value {
  const value = used(condition);
  if (isUnknown(value)) return value;
  return truthOf(value) ? yes : no;
}

/** A helper whose arguments must all be there and known. */
function strict(run: Helper['run']): Helper {
  return {
    lenient: 'none',
    run: (args, named, site) => {
      for (const arg of args) {
        const doubt = firstUnknown(used(arg), site.budget);
        if (doubt) return doubt;
      }
      return run(args, named, site);
    },
  };
}

function comparing(operator: CompareOperator): Helper {
  return {
    lenient: 'attributes',
    run: (args, _named, { budget }) => {
      const [left = null, right = null] = args;
      if (args.length !== 2) fail('a comparison needs two values');
      return compare(operator, left, right, budget);
    },
  };
}

function filterHelper(name: string, defaults: ValueMap = {}): Helper {
  return {
    lenient: 'none',
    run: (args, named, { scope, budget, where }) => {
      const [value = fail('a value is missing'), ...rest] = args;
      const filter = filters.get(name) ?? fail(`there is no filter '${name}'`);
      const overridden = Object.entries(defaults).filter(
        ([key]) => !filter.parameters.slice(0, rest.length).includes(key),
      );
      const all = { ...Object.fromEntries(overridden), ...named };
      return runFilter(name, filter, value, rest, all, { frame: { ...newFrame(scope, false), budget }, where });
    },
  };
}

/** `lookup map key` as Handlebars has it, and `lookup "env" "NAME"` as Ansible has it. */
function lookup(args: readonly Value[], _named: ValueMap, { scope, where }: Site): Value {
  const [first = null, ...terms] = args.map(used);
  if (isUnknown(first)) return first;
  if (typeof first !== 'string') return getItem(first, terms[0] ?? null, 'lookup', where);
  if (!scope.lookup) fail(`there is no controller to look up '${first}' on`);
  return terms.find((term) => isUnknown(term)) ?? scope.lookup(first, terms);
}

function groupHosts(name: string, { scope }: Site): Value {
  const groups = scope.get('groups');
  if (groups === undefined || !isMap(groups)) return fail("there is no inventory here: 'groups' is undefined");
  const hosts = ownValue(groups, name);
  if (hosts !== undefined) return hosts;
  const hint = didYouMean(name, Object.keys(groups)) ?? `there are ${Object.keys(groups).slice(0, 8).join(', ')}`;
  throw new VezaError('unknown-group', `there is no group '${name}'`, { hint });
}

/** `hostvar host name`: a variable of another host; `default=` where it has none. */
function hostVariable([host = null, name = null]: readonly Value[], named: ValueMap, site: Site): Value {
  const all = site.scope.get('hostvars');
  if (all === undefined) fail("there is no inventory here: 'hostvars' is undefined");
  const variables = used(getItem(all, host, 'hostvars', site.where));
  const value = getItem(variables, name, `hostvars.${textOf(host, site.budget)}`, site.where);
  return isUndefined(value) ? (ownValue(named, 'default') ?? used(value)) : value;
}
