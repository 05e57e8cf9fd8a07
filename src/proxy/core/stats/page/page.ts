// The statistics page: one document, complete without JavaScript. Everything shown is escaped.
import { historyLength, type Point, type RateTracker } from '../rates.ts';
import type { Row } from '../rows.ts';
import { backendSection, frontendSection } from './sections.ts';
import { sparkline } from './sparkline.ts';
import { duration, escapeHtml, milliseconds, quantity } from './words.ts';

export interface PageFacts {
  readonly title: string;
  readonly refreshMs: number;
  readonly workers: number;
  readonly pid: number;
  readonly uptimeMs: number;
  readonly idlePercent: number;
  /** Path of the page; what belongs to it begins with it and `;`. */
  readonly uri: string;
  /** There is an admin interface to sign in to. */
  readonly hasAdmin: boolean;
  readonly rates: RateTracker;
  /** Entries in the stick tables of backends. */
  readonly stuck: ReadonlyMap<string, number>;
}

/** How often the page looks for what is new, with JavaScript. */
const liveMs = 2000;

const mark =
  '<svg class="mark" viewBox="0 0 30 30" aria-hidden="true"><rect width="30" height="30" rx="8"/><path d="M6 15h6M12 15l6-7h6M12 15h12M12 15l6 7h6"/></svg>';

/** The whole document. */
export function statsPage(rows: readonly Row[], facts: PageFacts): string {
  const uri = escapeHtml(facts.uri);
  const seconds = Math.max(1, Math.round(facts.refreshMs / 1000));
  const refresh = facts.refreshMs > 0 ? `<noscript><meta http-equiv="refresh" content="${seconds}"></noscript>` : '';
  const session = facts.hasAdmin ? '<button type="button" id="session" class="js-only">Sign in</button>' : '';
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">${refresh}
<title>${escapeHtml(facts.title)}</title><link rel="stylesheet" href="${uri};style.css"><script defer src="${uri};script.js"></script></head>
<body><div class="page"><header>${mark}<h1>${escapeHtml(facts.title)}</h1><span class="meta" id="note" role="status"></span><nav><a href="${uri};csv">CSV</a><a href="/metrics">Metrics</a>${session}</nav></header>
${liveMain(rows, facts)}</div>${facts.hasAdmin ? signIn : ''}</body></html>
`;
}

function liveMain(rows: readonly Row[], facts: PageFacts): string {
  const frontends = rows.filter((row) => row['type'] === 0);
  const backends = rows.filter((row) => row['type'] === 1);
  const every = facts.refreshMs > 0 ? Math.min(liveMs, facts.refreshMs) : liveMs;
  const sections = backends.map((backend) =>
    backendSection(
      backend,
      rows.filter((row) => row['type'] === 2 && row['pxname'] === backend['pxname']),
      facts.rates,
      facts.stuck.get(String(backend['pxname'])),
    ),
  );
  return `<main id="live" data-live="${escapeHtml(facts.uri)};norefresh" data-every="${every}">${cards(rows, facts)}${sections.join('')}${frontendSection(frontends, facts.rates)}<p class="soft">pid ${facts.pid}, ${facts.workers} ${facts.workers === 1 ? 'worker' : 'workers'}, up ${duration(facts.uptimeMs / 1000)}</p></main>`;
}

function cards(rows: readonly Row[], facts: PageFacts): string {
  return `<div class="cards">${trafficCards(rows, facts).join('')}${stateCards(rows, facts).join('')}</div>`;
}

/** What the last two minutes were like, over all. */
function trafficCards(rows: readonly Row[], { rates }: PageFacts): string[] {
  const historyOf = (type: number, kind: string): Point[] =>
    sumOf(rows.filter((row) => row['type'] === type).map((row) => rates.historyOf(`${kind}:${String(row['pxname'])}`)));
  const history = historyOf(0, 'frontend');
  const pools = historyOf(1, 'backend');
  const last = history.at(-1);
  const curve = (values: readonly (number | undefined)[], what: string, tone?: string): string =>
    sparkline(values, historyLength, `${what}, last two minutes`, tone);
  const requests = history.map((point) => point.requests);
  const latencies = pools.map((point) => point.latency);
  const errors = history.map((point) => point.errors);
  const sent = history.map((point) => point.bytesOut);
  return [
    card('Requests', quantity(last?.requests ?? 0), 'a second', curve(requests, 'Requests a second')),
    card('Latency', milliseconds(latencies.at(-1)), 'avg', curve(latencies, 'Average latency')),
    card('Errors', quantity(last?.errors ?? 0), 'a second', curve(errors, 'Errors a second', 'bad')),
    card('Sent', quantity(last?.bytesOut ?? 0, 'B'), 'a second', curve(sent, 'Bytes sent a second')),
  ];
}

/** How it is now. */
function stateCards(rows: readonly Row[], { idlePercent }: PageFacts): string[] {
  const servers = rows.filter((row) => row['type'] === 2);
  const up = servers.filter((row) => /^(UP|no check)/.test(String(row['status']))).length;
  const sum = (type: number, column: string): number =>
    rows.filter((row) => row['type'] === type).reduce((total, row) => total + Number(row[column] ?? 0), 0);
  const queued = sum(1, 'qcur');
  const waiting = `<span class="soft">${queued} ${queued === 1 ? 'request waits' : 'requests wait'}</span>`;
  const busy = `<span class="soft">workers ${100 - idlePercent} % busy</span>`;
  return [
    card('Servers up', String(up), `of ${servers.length}`, waiting),
    card('Connections', quantity(sum(0, 'scur')), 'now', busy),
  ];
}

function card(name: string, value: string, unit: string, below: string): string {
  return `<div class="card"><h2>${name}</h2><p>${escapeHtml(value)}<small>${escapeHtml(unit)}</small></p>${below}</div>`;
}

/** Points of several rows added up; they end at the same moment. */
function sumOf(histories: readonly (readonly Point[])[]): Point[] {
  const length = Math.max(0, ...histories.map((history) => history.length));
  return Array.from({ length }, (_, index) => {
    const points = histories
      .map((history) => history[history.length - length + index])
      .filter((point) => point !== undefined);
    const add = (pick: (point: Point) => number): number => points.reduce((sum, point) => sum + pick(point), 0);
    const timed = points.filter((point) => point.latency !== undefined);
    const weight = timed.reduce((sum, point) => sum + Math.max(point.requests, 0.1), 0);
    return {
      requests: add((point) => point.requests),
      errors: add((point) => point.errors),
      bytesIn: add((point) => point.bytesIn),
      bytesOut: add((point) => point.bytesOut),
      latency:
        weight === 0
          ? undefined
          : timed.reduce((sum, point) => sum + (point.latency ?? 0) * Math.max(point.requests, 0.1), 0) / weight,
    };
  });
}

const signIn = `<dialog id="sign-in" aria-labelledby="sign-in-title"><form method="dialog"><h2 id="sign-in-title">Sign in</h2><p>With a token, or with a name and a password.</p><label>Name, if you have one<input name="name" autocomplete="username"></label><label>Token or password<input name="secret" type="password" required autocomplete="current-password"></label><p class="error" role="alert"></p><div class="row"><button type="button" value="cancel">Cancel</button><button class="first">Sign in</button></div></form></dialog>`;
