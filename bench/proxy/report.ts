// Samples -> medians, ratios of the same round, gates and the table that people read.
import type { Section } from './bench.ts';
import { judge, median, type Verdict, withSpread } from './gates.ts';
import type { LoadResult } from './load.ts';
import type { Scenario } from './scenarios.ts';

export interface Sample extends LoadResult {
  readonly cpuMicroseconds: number;
}

/** What there is of one proxy in one scenario. */
export interface Entry {
  readonly peer: string;
  /** Of each round; none if it was not measured. */
  readonly samples: readonly Sample[];
  /** What a reader must know of its row. */
  readonly remarks: readonly string[];
}

/** Who all are measured against, and who is judged. */
export const [reference, ours] = ['HAProxy', 'veza-proxy'] as const;

/** CPU microseconds a request, of each round. */
function perRequest({ samples }: Pick<Entry, 'samples'>): number[] {
  return samples.map(({ cpuMicroseconds, requests }) => (requests === 0 ? NaN : cpuMicroseconds / requests));
}

/** The CPU time of a request of `other` divided by that of `entry`, round by round: both met the same disturbances. */
export function ratios(entry: Entry, other: Entry | undefined): number[] {
  const base = other === undefined ? [] : perRequest(other);
  return perRequest(entry).map((own, round) => (base[round] ?? NaN) / own);
}

function failures({ samples }: Entry): number {
  return samples.reduce((sum, { failed }) => sum + failed, 0);
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Title, table and verdicts of a part of the result. */
export function section(title: string, body: string, verdicts: readonly Verdict[]): Section {
  const said = verdicts.length === 0 ? [] : [verdicts.map(({ text }) => `- ${text}`).join('\n'), ''];
  return { markdown: [`### ${title}`, '', body, '', ...said].join('\n'), verdicts };
}

/** Milliseconds for people; nothing for what is not known. */
export function milliseconds(figure: number): string {
  return Number.isNaN(figure) ? '' : figure.toFixed(2);
}

function row(entry: Entry, entries: readonly Entry[]): string[] {
  const { peer, samples, remarks } = entry;
  if (samples.length === 0) return [peer, '', '', '', '', '', '', remarks.join('; ')];
  const middle = (figure: (sample: Sample) => number): number => median(samples.map(figure));
  return [
    peer,
    median(perRequest(entry)).toFixed(1),
    Math.round(middle(({ perSecond }) => perSecond)).toLocaleString('en'),
    peer === reference ? '1' : withSpread(ratios(entry, find(entries, reference)), 2),
    milliseconds(middle(({ p50Ms }) => p50Ms)),
    milliseconds(middle(({ p99Ms }) => p99Ms)),
    String(failures(entry)),
    remarks.join('; '),
  ];
}

function find(entries: readonly Entry[], peer: string): Entry | undefined {
  return entries.find((entry) => entry.peer === peer);
}

/** The table of a scenario, and what it says about our gates. */
export function scenarioSection(scenario: Scenario, entries: readonly Entry[]): Section {
  const what = scenario.protocol === 'ws' || scenario.protocol === 'wss' ? 'message' : 'request';
  const head = [
    'proxy',
    `CPU µs/${what}`,
    `${what}s/s`,
    `ratio to ${reference}`,
    'p50 ms',
    'p99 ms',
    'failed',
    'remarks',
  ];
  const rows = entries.map((entry) => row(entry, entries));
  // Remarks are rare.
  const columns = rows.some((cells) => cells[7] !== '') ? 8 : 7;
  const cut = (cells: readonly string[]): readonly string[] => cells.slice(0, columns);
  return section(scenario.title, table(cut(head), rows.map(cut)), scenarioVerdicts(scenario, entries));
}

function scenarioVerdicts({ gates }: Scenario, entries: readonly Entry[]): Verdict[] {
  const own = find(entries, ours);
  if (own === undefined) return [];
  // A proxy that nobody asked for judges nothing; one that should be there and could not be measured does.
  const asked = Object.entries(gates).filter(([against]) => find(entries, against) !== undefined);
  const verdicts = asked.map(([against, bound]) =>
    judge(`ratio to ${against}`, ratios(own, find(entries, against)), bound, { digits: 2 }),
  );
  const failed = failures(own);
  if (failed === 0 && own.samples.length > 0) return verdicts;
  const why = own.samples.length === 0 ? own.remarks.join('; ') : `${failed} requests failed`;
  return [...verdicts, { kept: false, text: `gate NOT met: ${ours} must answer every request rightly: ${why}` }];
}
