// JUnit XML: what machines that collect test results read.

export interface JunitCase {
  readonly className: string;
  readonly name: string;
  readonly durationMs?: number;
  readonly failure?: { readonly message: string; readonly text?: string };
  readonly skipped?: string;
}

export interface JunitSuite {
  readonly name: string;
  readonly cases: readonly JunitCase[];
  /** Default: the sum of its cases. */
  readonly durationMs?: number;
  readonly startedAt?: string;
  readonly properties?: Readonly<Record<string, string>>;
}

/** A complete XML document, ending with a newline. */
export function junitDocument(suites: readonly JunitSuite[]): string {
  const cases = suites.flatMap((suite) => suite.cases);
  const durationMs = suites.reduce((sum, suite) => sum + durationOf(suite), 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${cases.length}" failures="${failures(cases)}" time="${seconds(durationMs)}">`,
    ...suites.flatMap(suiteLines),
    '</testsuites>',
    '',
  ].join('\n');
}

function suiteLines(suite: JunitSuite): string[] {
  const { cases, startedAt, properties } = suite;
  const skipped = cases.filter((one) => one.skipped !== undefined).length;
  const counts = `tests="${cases.length}" failures="${failures(cases)}" errors="0" skipped="${skipped}"`;
  const stamp = startedAt === undefined ? '' : ` timestamp="${escape(startedAt)}"`;
  const named = Object.entries(properties ?? {}).map(
    ([name, value]) => `<property name="${escape(name)}" value="${escape(value)}"/>`,
  );
  return [
    `  <testsuite name="${escape(suite.name)}" ${counts} time="${seconds(durationOf(suite))}"${stamp}>`,
    ...(named.length === 0 ? [] : [`    <properties>${named.join('')}</properties>`]),
    ...cases.flatMap(caseLines),
    '  </testsuite>',
  ];
}

function caseLines({ className, name, durationMs, failure, skipped }: JunitCase): string[] {
  const time = durationMs === undefined ? '' : ` time="${seconds(durationMs)}"`;
  const open = `    <testcase classname="${escape(className)}" name="${escape(name)}"${time}`;
  if (skipped !== undefined) return [`${open}>`, `      <skipped message="${escape(skipped)}"/>`, '    </testcase>'];
  if (!failure) return [`${open}/>`];
  const told = `      <failure message="${escape(failure.message)}"`;
  const text = failure.text === undefined || failure.text === '' ? '/>' : `>${escape(failure.text)}</failure>`;
  return [`${open}>`, `${told}${text}`, '    </testcase>'];
}

function durationOf(suite: JunitSuite): number {
  return suite.durationMs ?? suite.cases.reduce((sum, one) => sum + (one.durationMs ?? 0), 0);
}

function failures(cases: readonly JunitCase[]): number {
  return cases.filter((one) => one.failure).length;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

/** XML forbids most control characters even escaped: they become a visible mark. */
function escape(text: string): string {
  return text.replace(/\p{Cc}|[\ufffe\uffff&<>"']/gu, (character) => entities[character] ?? '\ufffd');
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
