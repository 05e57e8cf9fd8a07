// A failover report as JUnit XML, for machines that collect test results: one test case a check.
import { junitDocument } from '../lib/junit.ts';
import type { FailoverReport } from './model.ts';

/** A complete XML document, ending with a newline. */
export function toJUnit(report: FailoverReport): string {
  const { way, victim, checks, durationMs, startedAt, seed } = report;
  const cases = checks.map(({ id, title, passed, detail }) => ({
    className: `failover.${way}`,
    name: `${id}: ${title}`,
    ...(passed ? {} : { failure: { message: detail } }),
  }));
  return junitDocument([
    { name: `failover ${way} ${victim}`, cases, durationMs, startedAt, properties: { seed: String(seed) } },
  ]);
}
