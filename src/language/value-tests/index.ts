// All tests (`is ...`) by name. A new topic is a new file and one line here.
import type { ValueTest } from '../callable.ts';
import { filters } from '../filters/index.ts';
import { comparisonTests } from './comparisons.ts';
import { controllerPathTests } from './controller-paths.ts';
import { kindTests } from './kinds.ts';
import { resultTests } from './results.ts';
import { textTests } from './texts.ts';

/** Whether there is a filter or a test of a name. */
const nameTests: Readonly<Record<string, ValueTest>> = {
  filter: { parameters: [], run: (value) => typeof value === 'string' && filters.has(value) },
  test: { parameters: [], run: (value) => typeof value === 'string' && valueTests.has(value) },
};

export const valueTests: ReadonlyMap<string, ValueTest> = new Map(
  [comparisonTests, controllerPathTests, kindTests, resultTests, textTests, nameTests].flatMap((topic) =>
    Object.entries(topic),
  ),
);
