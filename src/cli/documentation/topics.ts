// Lists of names with a sentence for each: filters, tests, lookups, keywords.
import { lookupNames } from '../../adapters/lookups/index.ts';
import { filters } from '../../language/filters/index.ts';
import { valueTests } from '../../language/value-tests/index.ts';
import { keywordDescriptions } from '../../playbook/keyword-descriptions.ts';
import { keywords, type Keyword } from '../../playbook/keywords.ts';
import { filterDescriptions } from './filters.ts';
import { lookupDescriptions } from './lookups.ts';
import { testDescriptions } from './value-tests.ts';

export interface TopicEntry {
  readonly name: string;
  readonly description: string;
  /** More about it, a line each. */
  readonly details: readonly string[];
}

export const topicNames = ['filters', 'tests', 'lookups', 'keywords'] as const;
export type TopicName = (typeof topicNames)[number];

export function isTopic(name: string): name is TopicName {
  return topicNames.some((topic) => topic === name);
}

/** All names of a topic, sorted. */
export function entriesOf(topic: TopicName): readonly TopicEntry[] {
  switch (topic) {
    case 'filters':
      return sorted([...filters].map(([name, filter]) => called(name, filterDescriptions[name], '|', filter)));
    case 'tests':
      return sorted([...valueTests].map(([name, test]) => called(name, testDescriptions[name], 'is', test)));
    case 'lookups':
      return sorted(
        lookupNames.map((name) => ({
          name,
          description: lookupDescriptions[name] ?? '',
          details: [`usage: {{ lookup('${name}', ...) }}`],
        })),
      );
    case 'keywords':
      return sorted(Object.entries(keywords).map(([name, keyword]) => keywordEntry(name, keyword)));
    default:
      topic satisfies never;
      return [];
  }
}

function called(
  name: string,
  description = '',
  operator: '|' | 'is',
  { parameters }: { readonly parameters: readonly string[] },
): TopicEntry {
  const shown = parameters.length === 0 ? name : `${name}(${parameters.join(', ')})`;
  return { name, description, details: [`usage: {{ value ${operator} ${shown} }}`] };
}

function keywordEntry(name: string, keyword: Keyword): TopicEntry {
  const unsupported = keyword.unsupported ?? [];
  const places = keyword.places.filter((place) => !unsupported.includes(place));
  const shape = keyword.shape.replace('fixed-', '');
  return {
    name,
    description: keywordDescriptions[name] ?? '',
    details: [
      ...(places.length === 0 ? [] : [`of: ${places.join(', ')}`]),
      ...(shape === 'any' ? [] : [`value: ${shape}${keyword.shape.startsWith('fixed-') ? ', without templates' : ''}`]),
      ...(keyword.choices ? [`choices: ${keyword.choices.join(', ')}`] : []),
      ...(unsupported.length === 0
        ? []
        : [`not supported (${unsupported.join(', ')})${keyword.reason === undefined ? '' : `: ${keyword.reason}`}`]),
    ],
  };
}

function sorted(entries: readonly TopicEntry[]): readonly TopicEntry[] {
  return entries.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}
