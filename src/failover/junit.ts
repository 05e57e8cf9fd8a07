// A failover report as JUnit XML, for machines that collect test results: one test case a check.
import type { FailoverReport } from './model.ts';

/** A complete XML document, ending with a newline. */
export function toJUnit(report: FailoverReport): string {
  const { way, victim, checks, durationMs, startedAt, seed } = report;
  const name = escape(`failover ${way} ${victim}`);
  const seconds = (durationMs / 1000).toFixed(3);
  const failed = checks.filter((check) => !check.passed).length;
  const cases = checks.map(({ id, title, passed, detail }) => {
    const open = `    <testcase classname="failover.${escape(way)}" name="${escape(`${id}: ${title}`)}"`;
    return passed ? `${open}/>` : `${open}>\n      <failure message="${escape(detail)}"/>\n    </testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${checks.length}" failures="${failed}" time="${seconds}">`,
    `  <testsuite name="${name}" tests="${checks.length}" failures="${failed}" errors="0" skipped="0" time="${seconds}" timestamp="${escape(startedAt)}">`,
    `    <properties><property name="seed" value="${seed}"/></properties>`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** XML forbids most control characters even escaped: they become a visible mark. */
function escape(text: string): string {
  return text
    .replace(/\p{Cc}|[\ufffe\uffff]/gu, (character) => entities[character] ?? '\ufffd')
    .replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
};
