// A haproxy.cfg -> the values of our configuration, each with the place in the haproxy.cfg that it comes from, and all
// that could not be carried over.
import type { Diagnostic } from '../../../../lib/diagnostic.ts';
import type { ConfigTree } from '../../config/tree.ts';
import type { Environment } from '../../config/variables.ts';
import { type ChangedPatterns, type PatternList, unchanged } from '../../patterns/pattern-list.ts';
import { Draft } from '../draft.ts';
import { Report } from '../report.ts';
import { redirectOf } from './answers.ts';
import { convertBackend } from './backend.ts';
import type { BindContext } from './binds.ts';
import { noCondition, product } from './cases.ts';
import { Acls, type ReadFile } from './conditions.ts';
import { convertFrontend } from './frontend.ts';
import {
  convertGlobal,
  convertStats,
  convertTimeouts,
  noWebSocketsOf,
  reportSections,
  shareTimeouts,
} from './global.ts';
import { globalLimit } from './limits.ts';
import { reportLines } from './lines.ts';
import { convertLogs } from './logs.ts';
import { mapUseOf } from './maps.ts';
import { patternListsOf, withChanges } from './pattern-lists.ts';
import { convertPeers } from './peers.ts';
import { picksOf } from './picks.ts';
import { convertResolvers } from './resolvers.ts';
import { isTcp, type Proxy, readSections } from './sections.ts';
import {
  type Findings,
  newFindings,
  type Reading,
  ruleStatement,
  splitCondition,
  type Statement,
} from './statements.ts';
import { convertStick } from './stick.ts';
import { convertTcpFrontend } from './tcp.ts';
import { tlsDefaultsOf } from './tls.ts';
import { type Userlist, userlistsOf } from './userlists.ts';
import { type Aliases, aliasesOf } from './variables.ts';
import { type Line, readWords, type Word } from './words.ts';

export interface Conversion {
  readonly tree: ConfigTree;
  /** What could not be carried over, in the order of the file. */
  readonly notes: readonly Diagnostic[];
  /** Those that commands may change while it runs. */
  readonly lists: readonly PatternList[];
}

/** The statements of one section. */
interface Program {
  readonly acls: Acls;
  readonly requests: readonly Statement[];
  readonly responses: readonly Statement[];
  readonly uses: readonly Statement[];
  /** Of the servers, when all else is said. */
  readonly picks: readonly Statement[];
  readonly findings: Findings;
}

/** `changed`: what commands made of the lists of patterns. */
export function convertHaproxy(
  text: string,
  file: string,
  environment: Environment,
  read: ReadFile,
  changed: ChangedPatterns = unchanged,
): Conversion {
  const readFile = withChanges(read, changed);
  const report = new Report();
  const draft = new Draft(file);
  const { lines, diagnostics } = readWords(text, file, environment);
  const sections = readSections(lines, report);
  convertGlobal(sections.global, draft, report);
  const tls = tlsDefaultsOf(sections.global);
  reportSections(sections, report);
  const ofFrontends = new Set(sections.proxies.flatMap(({ kind, lines: held }) => (kind === 'backend' ? [] : held)));
  const traffic = sections.proxies.filter((proxy) => {
    reportLines(proxy, ofFrontends, report);
    return !convertStats(proxy, draft, report);
  });
  convertTimeouts(traffic, draft, report);
  convertResolvers(sections, traffic, draft, report);
  const peers = convertPeers(sections, tls, draft, report);
  convertLogs(sections, traffic, draft, report);
  const aliases = aliasesOf(traffic);
  const shared = { aliases, userlists: userlistsOf(sections), names: new Set(traffic.map(({ name }) => name)) };
  const programs = new Map(traffic.map((proxy) => [proxy, programOf(proxy, shared, report, readFile, changed)]));
  const frontends: unknown[] = [];
  const backends: Record<string, unknown>[] = [];
  const steps = (name: string): readonly Statement[] => {
    const proxy = traffic.find((each) => each.name === name && each.kind !== 'frontend');
    const program = proxy && programs.get(proxy);
    if (!proxy || !program) return [];
    return hasServers(proxy) ? [...program.requests, ...program.responses] : [...program.requests, nobody(proxy)];
  };
  const picks = (name: string): readonly Statement[] =>
    [...programs].find(([proxy]) => proxy.name === name && proxy.kind !== 'frontend')?.[1].picks ?? [];
  const ofAll = { maxconn: globalLimit(sections.global), noWebSockets: noWebSocketsOf(sections.global) };
  const connects = lines.flatMap(({ words }) => words).find(({ text }) => /^(?:METH_)?CONNECT$/.test(text));
  const context = { draft, report, readFile, tls, connects, ...ofAll };
  for (const [proxy, program] of programs) {
    if (proxy.kind !== 'backend') {
      const frontend = isTcp(proxy)
        ? convertTcpFrontend(proxy, program.acls, program.uses, context)
        : frontendOf(proxy, { ...program, findings: told(program, programs) }, steps, picks, context);
      draft.push(frontends, frontend, proxy.spot);
    }
    if (hasServers(proxy)) {
      const backend = convertBackend(proxy, program.findings, tls, draft, report);
      convertStick(proxy, { proxies: sections.proxies, peers }, backend, draft, report);
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
  const notes = report.notes.toSorted((one, other) => lineOf(one) - lineOf(other));
  return { tree, notes, lists: patternListsOf(lines, readFile) };
}

/** What servers are told of the client is said in the frontend here, also where a backend of HAProxy says it. */
function told({ uses, findings }: Program, programs: ReadonlyMap<Proxy, Program>): Findings {
  const names = new Set(uses.flatMap(({ effect }) => (effect.do === 'use' ? [effect.backend] : [])));
  const used = [...programs].filter(([{ name, kind }]) => kind === 'backend' && names.has(name));
  const all = [findings, ...used.map(([, program]) => program.findings)];
  return {
    ...findings,
    forward: new Set(all.flatMap(({ forward }) => [...forward])),
    forwardFor: all.some(({ forwardFor }) => forwardFor),
  };
}

function frontendOf(
  proxy: Proxy,
  { requests, responses, uses, findings }: Program,
  steps: (name: string) => readonly Statement[],
  picks: (name: string) => readonly Statement[],
  context: BindContext,
): Record<string, unknown> {
  // HAProxy edits a response as the backend says, then as the frontend says. Lines of a `listen` are run through once.
  const stepsOf = (name: string): readonly Statement[] => [
    ...(proxy.kind === 'listen' && name === proxy.name ? [] : steps(name)),
    ...responses,
    ...picks(name),
  ];
  const statements = [...requests, ...uses];
  return convertFrontend({ proxy, statements, findings, stepsOf }, context);
}

/** What the sections have in common. */
interface Shared {
  readonly aliases: Aliases;
  readonly userlists: ReadonlyMap<string, Userlist>;
  /** Of backends, among others. */
  readonly names: ReadonlySet<string>;
}

function programOf(
  proxy: Proxy,
  { aliases, userlists, names }: Shared,
  report: Report,
  readFile: ReadFile,
  changed: ChangedPatterns,
): Program {
  const acls = new Acls(proxy.lines, aliases, report, readFile, changed);
  const findings = newFindings();
  const reading: Reading = { acls, findings, userlists, report };
  const requests: Statement[] = [];
  const redirects: Statement[] = [];
  const responses: Statement[] = [];
  const uses: Statement[] = [];
  for (const line of proxy.lines) {
    const { first, words } = line;
    const [, second] = words;
    if (first.text === 'option' && second?.text === 'forwardfor') forwardFor(words, findings, report);
    else if (first.text === 'monitor-uri' && second) requests.unshift(...monitor(second, proxy.lines, acls));
    else if (isTcp(proxy) && /^http-|^redirect$/.test(first.text)) continue;
    else if (first.text === 'http-request' || first.text === 'http-response') {
      const statement = ruleStatement(line, reading);
      if (statement) (first.text === 'http-request' ? requests : responses).push(statement);
    } else if (first.text === 'redirect') {
      const { words: given, condition } = splitCondition(line, 1);
      const effect = redirectOf(given.slice(1), first, report);
      const cases = effect && acls.cases(condition, first);
      if (effect && cases) redirects.push({ spot: first, cases, effect });
    } else if (first.text === 'use_backend' && second && proxy.kind !== 'backend') {
      const { condition } = splitCondition(line, 2);
      if (second.text.includes('%[')) {
        uses.push(...mappedUses(second, condition, acls, names, report));
        continue;
      }
      const cases = acls.cases(condition, second);
      if (cases) uses.push({ spot: second, cases, effect: { do: 'use', backend: second.text } });
    }
  }
  uses.push(fallback(proxy));
  const picks = picksOf(proxy, acls, report);
  return { acls, requests: [...requests, ...redirects], responses, uses, picks, findings };
}

/** `use_backend %[req.hdr(host),lower,map(hosts.map)]`: one for each line of the map. */
function mappedUses(
  word: Word,
  condition: readonly Word[],
  acls: Acls,
  names: ReadonlySet<string>,
  report: Report,
): Statement[] {
  const use = mapUseOf(/^%\[(.*)\]$/.exec(word.text)?.[1]?.replaceAll(' ', '') ?? '');
  if (!use) {
    report.error(word, 'a backend can be chosen by a map, not by another expression', 'Write a rule for each.');
    return [];
  }
  return (acls.mapped(use, condition, word) ?? []).flatMap(({ value, cases }): Statement[] => {
    if (names.has(value)) return [{ spot: word, cases, effect: { do: 'use', backend: value } }];
    report.warning(word, `there is no backend \`${value}\`, which the map names: the default one is used`);
    return [];
  });
}

/** The default backend; without one HAProxy answers 503. */
function fallback(proxy: Proxy): Statement {
  const cases = [noCondition];
  const line = proxy.lines.findLast(({ first }) => first.text === 'default_backend');
  const [, name] = line?.words ?? [];
  if (name) return { spot: name, cases, effect: { do: 'use', backend: name.text } };
  if (hasServers(proxy)) return { spot: proxy.spot, cases, effect: { do: 'use', backend: proxy.name } };
  return nobody(proxy);
}

/** Nobody serves. */
function nobody({ spot }: Proxy): Statement {
  return { spot, cases: [noCondition], effect: unavailable };
}

const unavailable = { do: 'answer', answer: { respond: { status: 503 } }, headers: [] } as const;

/** `monitor-uri`, and before it what `monitor fail` says of it. */
function monitor(spot: Word, lines: readonly Line[], acls: Acls): Statement[] {
  const asked = [{ holds: [{ path: spot.text }], fails: [] }];
  const failing = lines.flatMap((line): Statement[] => {
    if (line.first.text !== 'monitor') return [];
    const cases = acls.cases(splitCondition(line, 1).condition, line.first);
    return cases ? [{ spot: line.first, cases: product(asked, cases), effect: unavailable }] : [];
  });
  const ready = { respond: { status: 200, body: 'Service ready.\n' } };
  return [...failing, { spot, cases: asked, effect: { do: 'answer', answer: ready, headers: [] } }];
}

function forwardFor(words: readonly { readonly text: string }[], findings: Findings, report: Report): void {
  findings.forwardFor = true;
  for (const word of words.slice(2)) {
    if (word.text === 'except' || word.text === 'header' || word.text === 'if-none') {
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
  return proxy.kind !== 'frontend' && proxy.lines.some(({ first }) => /^server(?:-template)?$/.test(first.text));
}

function lineOf({ where }: Diagnostic): number {
  return where?.line ?? 0;
}
