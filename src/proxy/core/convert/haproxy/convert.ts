// A haproxy.cfg -> the values of our configuration, each with the place in the haproxy.cfg that it comes from, and all
// that could not be carried over.
import type { Diagnostic } from '../../../../lib/diagnostic.ts';
import type { ConfigTree } from '../../config/tree.ts';
import type { Environment } from '../../config/variables.ts';
import { Draft } from '../draft.ts';
import { Report } from '../report.ts';
import { redirectOf } from './answers.ts';
import { convertBackend } from './backend.ts';
import { Acls, type ReadFile } from './conditions.ts';
import { convertFrontend } from './frontend.ts';
import { convertGlobal, convertLogs, convertStats, convertTimeouts, reportSections, shareTimeouts } from './global.ts';
import { reportLines } from './lines.ts';
import { type Proxy, readSections } from './sections.ts';
import { type Findings, newFindings, ruleStatement, splitCondition, type Statement } from './statements.ts';
import { readWords } from './words.ts';

export interface Conversion {
  readonly tree: ConfigTree;
  /** What could not be carried over, in the order of the file. */
  readonly notes: readonly Diagnostic[];
}

/** The statements of one section. */
interface Program {
  readonly requests: readonly Statement[];
  readonly responses: readonly Statement[];
  readonly uses: readonly Statement[];
  readonly findings: Findings;
}

export function convertHaproxy(text: string, file: string, environment: Environment, readFile: ReadFile): Conversion {
  const report = new Report();
  const draft = new Draft(file);
  const { lines, diagnostics } = readWords(text, file, environment);
  const sections = readSections(lines, report);
  convertGlobal(sections.global, draft, report);
  reportSections(sections, report);
  const ofFrontends = new Set(sections.proxies.flatMap(({ kind, lines: held }) => (kind === 'backend' ? [] : held)));
  const traffic = sections.proxies.filter((proxy) => {
    reportLines(proxy, ofFrontends, report);
    return !convertStats(proxy, draft, report);
  });
  convertTimeouts(traffic, draft, report);
  convertLogs(sections, draft, report);
  const programs = new Map(traffic.map((proxy) => [proxy, programOf(proxy, report, readFile)]));
  const frontends: unknown[] = [];
  const backends: Record<string, unknown>[] = [];
  const steps = (name: string): readonly Statement[] => {
    const proxy = traffic.find((each) => each.name === name && each.kind !== 'frontend');
    const program = proxy && programs.get(proxy);
    return program ? [...program.requests, ...program.responses] : [];
  };
  for (const [proxy, program] of programs) {
    if (modeOf(proxy) !== 'http')
      report.error(
        proxy.spot,
        `\`${proxy.name}\` is in TCP mode, which cannot be carried over`,
        'Write `mode http` for HTTP.',
      );
    if (proxy.kind !== 'backend') draft.push(frontends, frontendOf(proxy, program, steps, draft, report), proxy.spot);
    if (proxy.kind === 'backend' || hasServers(proxy)) {
      const backend = convertBackend(proxy, program.findings, draft, report);
      draft.push(backends, backend, proxy.spot);
    }
  }
  shareTimeouts(backends, draft);
  const [first] = lines;
  if (first) {
    draft.put(draft.root, 'frontends', frontends, first.first);
    draft.put(draft.root, 'backends', backends, first.first);
  }
  const texts = new Map([[file, text]]);
  const tree = { root: draft.root, places: draft.places, diagnostics: [...diagnostics], texts, broken: false };
  return { tree, notes: report.notes.toSorted((one, other) => lineOf(one) - lineOf(other)) };
}

function frontendOf(
  proxy: Proxy,
  { requests, responses, uses, findings }: Program,
  steps: (name: string) => readonly Statement[],
  draft: Draft,
  report: Report,
): Record<string, unknown> {
  // HAProxy edits a response as the backend says, then as the frontend says. Lines of a `listen` are run through once.
  const stepsOf = (name: string): readonly Statement[] => [
    ...(proxy.kind === 'listen' && name === proxy.name ? [] : steps(name)),
    ...responses,
  ];
  const statements = [...requests, ...uses];
  return convertFrontend({ proxy, statements, findings, stepsOf }, draft, report);
}

function programOf(proxy: Proxy, report: Report, readFile: ReadFile): Program {
  const acls = new Acls(proxy.lines, report, readFile);
  const findings = newFindings();
  const requests: Statement[] = [];
  const redirects: Statement[] = [];
  const responses: Statement[] = [];
  const uses: Statement[] = [];
  for (const line of proxy.lines) {
    const { first, words } = line;
    const [, second] = words;
    if (first.text === 'option' && second?.text === 'forwardfor') forwardFor(words, findings, report);
    else if (first.text === 'monitor-uri' && second) requests.unshift(monitor(second.text, second));
    else if (first.text === 'http-request' || first.text === 'http-response') {
      const statement = ruleStatement(line, acls, findings, report);
      if (statement) (first.text === 'http-request' ? requests : responses).push(statement);
    } else if (first.text === 'redirect') {
      const { words: given, condition } = splitCondition(line, 1);
      const effect = redirectOf(given.slice(1), first, report);
      const cases = effect && acls.cases(condition, first);
      if (effect && cases) redirects.push({ spot: first, cases, effect });
    } else if (first.text === 'use_backend' && second && proxy.kind !== 'backend') {
      if (second.text.includes('%[')) {
        report.error(second, 'a backend cannot be chosen by an expression', 'Write a rule for each.');
        continue;
      }
      const { condition } = splitCondition(line, 2);
      const cases = acls.cases(condition, second);
      if (cases) uses.push({ spot: second, cases, effect: { do: 'use', backend: second.text } });
    }
  }
  uses.push(fallback(proxy));
  return { requests: [...requests, ...redirects], responses, uses, findings };
}

/** The default backend; without one HAProxy answers 503. */
function fallback(proxy: Proxy): Statement {
  const cases = [{ holds: [], fails: [] }];
  const line = proxy.lines.findLast(({ first }) => first.text === 'default_backend');
  const [, name] = line?.words ?? [];
  if (name) return { spot: name, cases, effect: { do: 'use', backend: name.text } };
  if (hasServers(proxy)) return { spot: proxy.spot, cases, effect: { do: 'use', backend: proxy.name } };
  return { spot: proxy.spot, cases, effect: { do: 'answer', answer: { respond: { status: 503 } }, headers: [] } };
}

function monitor(path: string, spot: Statement['spot']): Statement {
  const cases = [{ holds: [{ path }], fails: [] }];
  return {
    spot,
    cases,
    effect: { do: 'answer', answer: { respond: { status: 200, body: 'Service ready.\n' } }, headers: [] },
  };
}

function forwardFor(words: readonly { readonly text: string }[], findings: Findings, report: Report): void {
  findings.forwardFor = true;
  for (const word of words.slice(2)) {
    if (word.text === 'except' || word.text === 'header') {
      const spot = word as Parameters<Report['warning']>[0] & { readonly text: string };
      report.warning(
        spot,
        `\`${word.text}\`: X-Forwarded-For is added for everybody, under this name`,
        'Look at `trustedProxies`.',
      );
    }
  }
}

function hasServers(proxy: Proxy): boolean {
  return proxy.kind === 'listen' && proxy.lines.some(({ first }) => first.text === 'server');
}

function modeOf(proxy: Proxy): string {
  return proxy.lines.findLast(({ first }) => first.text === 'mode')?.words[1]?.text ?? 'tcp';
}

function lineOf({ where }: Diagnostic): number {
  return where?.line ?? 0;
}
