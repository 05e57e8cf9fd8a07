// A `frontend` (or the frontend half of a `listen`) -> ours: addresses, options, and the rules with their edits.
import type { Draft } from '../draft.ts';
import type { Report, Spot } from '../report.ts';
import { type BindContext, convertBinds } from './binds.ts';
import { convertMaxconn } from './limits.ts';
import { authOf, headerEdits, isForced, rewriteOf, rulesOf, type Way, waysOf } from './rules.ts';
import type { Proxy } from './sections.ts';
import type { Findings, Statement } from './statements.ts';
import type { Line, Word } from './words.ts';

type Entries = Record<string, unknown>;

export interface FrontendParts {
  readonly proxy: Proxy;
  readonly statements: readonly Statement[];
  readonly findings: Findings;
  /** Statements of a backend. */
  readonly stepsOf: (backend: string) => readonly Statement[];
}

export function convertFrontend(
  { proxy, statements, findings, stepsOf }: FrontendParts,
  context: BindContext,
): Entries {
  const { draft, report, noWebSockets, connects } = context;
  const frontend: Entries = {};
  draft.put(frontend, 'name', proxy.name, proxy.spot);
  convertBinds(proxy.lines, proxy.spot, frontend, context);
  convertMaxconn(proxy.lines, frontend, context);
  if (connects) draft.put(frontend, 'allowConnect', true, connects);
  if (noWebSockets) draft.put(draft.record(frontend, 'http2', noWebSockets), 'webSockets', false, noWebSockets);
  draft.put(frontend, 'forwardFor', findings.forwardFor, proxy.spot);
  if (findings.forward.size > 0) draft.put(frontend, 'forward', [...findings.forward], proxy.spot);
  for (const line of proxy.lines) {
    const { first, words } = line;
    if (first.text === 'errorfile') errorFile(words, frontend, draft, report);
  }
  rateLimit(proxy, findings, frontend, draft, report);
  compression(proxy.lines, frontend, draft, report);
  rules(waysOf(statements, stepsOf, report), frontend, draft, report);
  return frontend;
}

/** The last one of a status holds. */
function errorFile(words: readonly Word[], frontend: Entries, draft: Draft, report: Report): void {
  const [first, status, file] = words;
  if (!first || !status || !file) return;
  if (!/^[45][0-9][0-9]$/.test(status.text)) report.error(status, 'only pages for errors can be carried over');
  else if (file.text === '/dev/null') report.warning(file, 'errors are answered here, never with silence');
  else draft.put(draft.record(frontend, 'errors', first), status.text, file.text, file);
}

/** `deny if { sc_http_req_rate(0) gt 100 }` with the stick-table that counts. */
function rateLimit(
  { lines }: Proxy,
  { rateLimit: found }: Findings,
  frontend: Entries,
  draft: Draft,
  report: Report,
): void {
  if (!found) return;
  const table = lines.findLast(({ first, words }) => {
    return first.text === 'stick-table' && words.some((word) => word.text.startsWith('http_req_rate('));
  });
  const word = table?.words.find(({ text }) => text.includes('http_req_rate('));
  const period = /http_req_rate\(([^)]+)\)/.exec(word?.text ?? '')?.[1];
  if (period === undefined) {
    report.error(found.spot, 'the table that counts these requests was not found in this section');
    return;
  }
  const per = /[a-z]$/.test(period) ? period : `${period}ms`;
  draft.put(frontend, 'rateLimit', { requests: found.above, per }, found.spot);
}

function compression(lines: readonly Line[], frontend: Entries, draft: Draft, report: Report): void {
  for (const { first, words } of lines) {
    if (first.text !== 'compression') continue;
    const [, what, ...values] = words;
    if (what?.text === 'algo') {
      const codings = values.map((word) => word.text).filter((name) => name === 'gzip');
      if (codings.length === 0) report.error(what, 'only gzip can be carried over');
      else draft.put(draft.record(frontend, 'compression', first), 'codings', codings, what);
    } else if (what?.text === 'type') {
      draft.put(
        draft.record(frontend, 'compression', first),
        'types',
        values.map((word) => word.text),
        what,
      );
    } else if (what) {
      report.warning(what, `\`compression ${what.text}\` has no counterpart here`);
    }
  }
}

/** What all ways to servers have in common is said once, in the frontend. */
export function rules(ways: readonly Way[], frontend: Entries, draft: Draft, report: Report): void {
  const handlings = ways.map((way) => handlingOf(way, report));
  const last = handlings.at(-1);
  const shared = last && ways.at(-1)?.end.do === 'backend' ? last.handling : {};
  const spot = ways.at(-1)?.spot;
  if (spot)
    for (const [key, value] of Object.entries(shared))
      draft.put(frontend, key, structuredClone(value), last?.spot ?? spot);
  const list: unknown[] = [];
  const [first] = ways;
  if (first) draft.put(frontend, 'rules', list, first.spot);
  for (const { way, conditions } of rulesOf(ways)) {
    const handling = handlings[ways.indexOf(way)]?.handling ?? {};
    const rule = ruleOf(way, conditions, handling, shared, draft);
    const isPlain = way.end.do === 'backend' && way.end.server === undefined && !isForced(way.edits);
    const isRest = Object.keys(conditions).length === 0 && way === ways.at(-1);
    if (isRest && isPlain) draft.put(frontend, 'defaultBackend', way.end.name, way.spot);
    else draft.push(list, rule, way.spot);
  }
  if (list.length === 0) Reflect.deleteProperty(frontend, 'rules');
}

interface Handled {
  readonly handling: Entries;
  readonly spot: Spot;
}

/** HAProxy's edits of responses do not touch answers of the proxy itself. */
function handlingOf(way: Way, report: Report): Handled {
  const { edits, end, spot } = way;
  const basicAuth = authOf(edits);
  const auth = basicAuth && { basicAuth };
  if (end.do === 'answer') {
    const set = Object.fromEntries(end.headers);
    return { handling: { ...auth, ...(end.headers.length > 0 && { responseHeaders: { set } }) }, spot };
  }
  const requestHeaders = headerEdits(edits, 'request', report);
  const responseHeaders = headerEdits(edits, 'response', report);
  const rewrite = rewriteOf(edits, report);
  const handling = {
    ...auth,
    ...(rewrite && { rewrite }),
    ...(requestHeaders && { requestHeaders }),
    ...(responseHeaders && { responseHeaders }),
  };
  return { handling, spot: edits[0]?.spot ?? spot };
}

function ruleOf(way: Way, conditions: Entries, handling: Entries, shared: Entries, draft: Draft): Entries {
  const rule: Entries = {};
  const { edits, end, spot } = way;
  // What several rules say is a value of each: the schema puts its defaults into them.
  for (const [key, value] of Object.entries(conditions)) draft.put(rule, key, structuredClone(value), spot);
  if (end.do === 'backend') {
    draft.put(rule, 'backend', end.name, spot);
    if (end.server !== undefined) draft.put(rule, 'server', end.server, spot);
    if (isForced(edits)) draft.put(rule, 'forcePersist', true, spot);
  } else for (const [key, value] of Object.entries(end.answer)) draft.put(rule, key, structuredClone(value), spot);
  // A part of the frontend that this rule does not have can only be left out with all the others.
  const foreign = Object.keys(shared).some(
    (key) => !(key in handling) && (end.do === 'backend' || key === 'responseHeaders'),
  );
  if (foreign) draft.put(rule, 'inherit', false, spot);
  for (const [key, value] of Object.entries(handling)) {
    if (foreign || JSON.stringify(shared[key]) !== JSON.stringify(value))
      draft.put(rule, key, structuredClone(value), spot);
  }
  return rule;
}
