// All tests (`is ...`) by name. A new topic is a new file and one line here.
import type { ValueTest } from '../callable.ts';
import { comparisonTests } from './comparisons.ts';
import { controllerPathTests } from './controller-paths.ts';
import { kindTests } from './kinds.ts';
import { resultTests } from './results.ts';
import { textTests } from './texts.ts';

export const valueTests: ReadonlyMap<string, ValueTest> = new Map(
  [comparisonTests, controllerPathTests, kindTests, resultTests, textTests].flatMap((topic) => Object.entries(topic)),
);
