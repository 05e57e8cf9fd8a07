// Alternatives of a condition, each a list of what holds and what does not, and how they are combined.
import type { Condition, Test } from './samples.ts';

/** All of `holds` and none of `fails`. */
export interface Case {
  readonly holds: readonly Condition[];
  readonly fails: readonly Condition[];
}

export const noCondition: Case = { holds: [], fails: [] };

export function holding(condition: Condition): Case {
  return { holds: Object.keys(condition).length === 0 ? [] : [condition], fails: [] };
}

/** None of them. What always holds cannot fail. */
export function failing(conditions: readonly Condition[]): Case {
  return { holds: [], fails: conditions };
}

export function product(one: readonly Case[], other: readonly Case[]): readonly Case[] {
  return one.flatMap((first) =>
    other.map((second) => ({
      holds: unique([...first.holds, ...second.holds]),
      fails: unique([...first.fails, ...second.fails]),
    })),
  );
}

/** Nothing in it contradicts itself. */
export function isPossible({ holds, fails }: Case): boolean {
  const held = new Set(holds.map((condition) => JSON.stringify(condition)));
  return !fails.some((condition) => Object.keys(condition).length === 0 || held.has(JSON.stringify(condition)));
}

function unique(conditions: readonly Condition[]): readonly Condition[] {
  return [...new Map(conditions.map((condition) => [JSON.stringify(condition), condition])).values()];
}

/** Those of one test. */
export function casesOf(test: Test): readonly Case[] {
  return test.kind === 'one-of' ? test.conditions.map(holding) : [];
}
