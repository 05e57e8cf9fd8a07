// Filters to and from JSON and YAML, printed as Python's json and PyYAML print them.
import { parse, parseAllDocuments, type ScalarTag, type Tags } from 'yaml';
import { messageOf, VezaError } from '../../lib/errors.ts';
import { type Budget, checkTextLength, fail } from '../budget.ts';
import { type Args, type Call, type Filter, flagArgument, integerArgument } from '../callable.ts';
import { jsonText } from '../json-text.ts';
import { textOf } from '../text.ts';
import type { Value } from '../value.ts';
import { kindOf } from '../values.ts';
import { yamlText } from '../yaml-text.ts';

export const dataFilters: Readonly<Record<string, Filter>> = {
  to_json: { parameters: [], named: true, run: (value, _args, call) => toJson(value, call, 0, false) },
  to_nice_json: {
    parameters: ['indent', 'sort_keys'],
    named: true,
    run: (value, [indent, sortKeys], call) => {
      return toJson(value, call, integerArgument(indent, 4), flagArgument(sortKeys, true));
    },
  },
  tojson: { parameters: ['indent'], run: htmlSafeJson },
  to_yaml: {
    parameters: ['indent', 'width'],
    named: true,
    run: (value, args, call) => toYaml(value, args, call, false),
  },
  to_nice_yaml: {
    parameters: ['indent', 'width'],
    named: true,
    run: (value, args, call) => toYaml(value, args, call, true),
  },
  from_json: { parameters: [], run: (value, _args, { budget }) => fromJson(value, budget) },
  from_yaml_all: { parameters: [], run: (value, _args, { budget }) => fromYaml(value, budget, true) },
  from_yaml: { parameters: [], run: (value, _args, { budget }) => fromYaml(value, budget) },
};

function toJson(value: Value, { named, budget }: Call, indent: number, sortKeys: boolean): string {
  const { sort_keys: sorts, ensure_ascii: ascii, indent: width, ...others } = named;
  rejectOthers('to_json', others, ['separators', 'vault_to_text', 'preprocess_unsafe']);
  return jsonText(
    value,
    {
      indent: integerArgument(width, indent),
      sortKeys: flagArgument(sorts, sortKeys),
      ascii: flagArgument(ascii, true),
    },
    budget,
  );
}

/** Jinja's own tojson: sorted, and safe inside HTML. */
function htmlSafeJson(value: Value, [indent]: Args, { budget }: Call): string {
  const text = jsonText(
    value,
    { indent: integerArgument(indent ?? undefined, 0), sortKeys: true, ascii: true },
    budget,
  );
  return text.replace(/[<>&']/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}

function toYaml(value: Value, [indent, width]: Args, { named, budget }: Call, nice: boolean): string {
  const { sort_keys: sorts, default_flow_style: flow, ...others } = named;
  rejectOthers('to_yaml', others, ['allow_unicode', 'explicit_start']);
  return yamlText(
    value,
    {
      indent: integerArgument(indent, nice ? 4 : 2),
      width: integerArgument(width, 80),
      sortKeys: flagArgument(sorts, true),
      flowLeaves: flow === undefined ? !nice : flagArgument(flow, false),
    },
    budget,
  );
}

function rejectOthers(filter: string, named: Readonly<Record<string, Value>>, ignored: readonly string[]): void {
  const strange = Object.keys(named).find((name) => !ignored.includes(name));
  if (strange !== undefined) fail(`${filter} has no argument '${strange}'`);
}

function fromJson(value: Value, budget: Budget): Value {
  const text = typeof value === 'string' ? value : fail(`from_json needs a text, not ${kindOf(value)}`);
  checkTextLength(text.length);
  budget.spend(Math.ceil(text.length / 16));
  try {
    return JSON.parse(text) as Value;
  } catch (error) {
    throw new VezaError('evaluation-failed', `the text is not JSON: ${messageOf(error)}`, { cause: error });
  }
}

function fromYaml(value: Value, budget: Budget, all = false): Value {
  const text = textOf(value, budget);
  budget.spend(Math.ceil(text.length / 4));
  try {
    // Aliases are limited by the parser, so a small text cannot become a large value.
    const parsed: unknown = all ? parseAll(text) : parse(text, yamlOptions);
    return plain(parsed, budget);
  } catch (error) {
    if (error instanceof VezaError) throw error;
    const [firstLine = ''] = messageOf(error).split('\n');
    throw new VezaError('evaluation-failed', `the text is not YAML: ${firstLine}`, { cause: error });
  }
}

const yamlOptions = { version: '1.1', merge: true, customTags: pythonBooleans, logLevel: 'error' } as const;

function parseAll(text: string): readonly unknown[] {
  const documents = parseAllDocuments(text, yamlOptions);
  return Array.isArray(documents)
    ? documents.map((document) => {
        if (document.errors[0]) throw document.errors[0];
        return document.toJS() as unknown;
      })
    : [];
}

/** PyYAML takes yes and no for booleans, but not y and n. */
function pythonBooleans(tags: Tags): Tags {
  return tags.map((tag) => {
    if (typeof tag === 'string' || tag.tag !== 'tag:yaml.org,2002:bool') return tag;
    const scalar = tag as ScalarTag;
    return scalar.test ? { ...scalar, test: new RegExp(scalar.test.source.replace(/Y\|y\||N\|n\|/, '')) } : tag;
  });
}

/** Dates and other objects of YAML become texts. */
function plain(value: unknown, budget: Budget): Value {
  budget.spend(1);
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map((part) => plain(part, budget));
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (value instanceof Set) return [...value].map((part) => plain(part, budget));
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object') return fail('the YAML holds something that is not data');
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part, budget)]));
}
