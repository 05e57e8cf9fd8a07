// What http-request, http-response, redirect and use_backend lines do, as data. What they cannot do here is reported.
import { checkPattern } from '../../config/check-handling.ts';
import { protectedHeaders } from '../../handling/header-edits.ts';
import type { Report, Spot } from '../report.ts';
import { answerOf, redirectOf, type Terminal } from './answers.ts';
import type { Case } from './cases.ts';
import type { Acls } from './conditions.ts';
import { convertFormat, grouped } from './formats.ts';
import { rewriteEdit } from './path-edits.ts';
import { reportLost, type Userlist } from './userlists.ts';
import type { Line, Word } from './words.ts';

export interface HeaderEdit {
  readonly do: 'header';
  readonly side: 'request' | 'response';
  readonly op: 'set' | 'add' | 'remove' | 'replace';
  readonly name: string;
  readonly value: string;
  /** `replace`: what the value must fit, and whether values of a list are looked at one by one. */
  readonly pattern?: string;
  readonly list?: boolean;
}

export interface RewriteEdit {
  readonly do: 'rewrite';
  readonly rewrite: Readonly<Record<string, unknown>>;
}

export interface Use {
  readonly do: 'use';
  readonly backend: string;
}

/** Only those who give a name and a password. */
export interface AuthEdit {
  readonly do: 'auth';
  readonly basicAuth: { readonly realm?: string; readonly users: Readonly<Record<string, string>> };
}

/** Of the backend that is used, this server. */
export interface UseServer {
  readonly do: 'server';
  readonly server: string;
}

/** Clients that are bound to a server get it though it is down. */
export interface Persist {
  readonly do: 'persist';
}

export type Edit = HeaderEdit | RewriteEdit | AuthEdit | Persist;
export type Effect = Edit | Terminal | Use | UseServer;

export interface Statement {
  readonly spot: Spot;
  readonly cases: readonly Case[];
  readonly effect: Effect;
}

/** Facts about a section that its lines say by the way. */
export interface Findings {
  /** Headers that tell servers where a request comes from. */
  readonly forward: Set<string>;
  forwardFor: boolean;
  rateLimit: { readonly above: number; readonly spot: Spot } | undefined;
  hostHeader: { readonly value: string; readonly spot: Spot } | undefined;
}

export function newFindings(): Findings {
  return { forward: new Set(), forwardFor: false, rateLimit: undefined, hostHeader: undefined };
}

/** What the lines of a section are read with. */
export interface Reading {
  readonly acls: Acls;
  readonly findings: Findings;
  readonly userlists: ReadonlyMap<string, Userlist>;
  readonly report: Report;
}

/** Splits a line at its `if` or `unless`, which stands behind `from` words at least. */
export function splitCondition(
  line: Line,
  from: number,
): { readonly words: readonly Word[]; readonly condition: readonly Word[] } {
  const at = line.words.findIndex((word, index) => index >= from && (word.text === 'if' || word.text === 'unless'));
  if (at < 0) return { words: line.words, condition: [] };
  return { words: line.words.slice(0, at), condition: line.words.slice(at) };
}

/** http-request and http-response lines; what they do without being a step of their own goes into `findings`. */
export function ruleStatement(line: Line, reading: Reading): Statement | undefined {
  const { acls, findings, report } = reading;
  const { words, condition } = splitCondition(line, 2);
  const [keyword, action, ...args] = words;
  if (!keyword || !action) {
    report.error(line.first, `\`${line.first.text}\` needs an action`);
    return undefined;
  }
  const name = action.text.replace(/\(.*$/, '');
  const rate = acls.rate(condition);
  if (rate && (name === 'deny' || name === 'tarpit' || name === 'reject')) {
    findings.rateLimit = { above: rate.above, spot: action };
    return undefined;
  }
  if (harmless.has(name) && !(name === 'set-var' && acls.aliases.has(action.text.slice('set-'.length)))) {
    report.warning(action, `\`${keyword.text} ${action.text}\` has no counterpart here`);
    return undefined;
  }
  // Captures are read with the logs.
  if (name.startsWith('track-sc') || name === 'capture') return undefined;
  if (isForwarding(name, args, condition, findings)) return undefined;
  // Other lines say it under this name what it stands for.
  if (name === 'set-var' && acls.aliases.has(action.text.slice('set-'.length))) return undefined;
  const side = keyword.text === 'http-request' ? 'request' : 'response';
  const effect =
    name === 'auth' ? authOf(args, condition, action, reading) : effectOf(side, name, args, action, reading);
  if (!effect) return undefined;
  const early = side === 'response' ? acls.earlyTerm(condition) : undefined;
  if (early) {
    report.error(
      early,
      `\`${early.text}\`: what is done with responses cannot depend on that`,
      'It can on the connection, and on what `set-var` and `capture` kept of the request.',
    );
    return undefined;
  }
  const cases = acls.cases(condition, action);
  return cases && { spot: action, cases, effect };
}

/** Change nothing that clients or servers see. */
const harmless: ReadonlySet<string> = new Set([
  'cache-use',
  'cache-store',
  'disable-l7-retry',
  'sc-inc-gpc0',
  'sc-inc-gpc1',
  'set-log-level',
  'set-mark',
  'set-nice',
  'set-priority-class',
  'set-priority-offset',
  'set-tos',
  'set-var',
  'set-var-fmt',
  'unset-var',
  'wait-for-body',
]);

/** Headers that `forwardFor` and `forward` set by themselves, with values that no client can forge. */
function isForwarding(action: string, args: readonly Word[], condition: readonly Word[], findings: Findings): boolean {
  if (action !== 'set-header' && action !== 'add-header') return false;
  const [name = '', value = ''] = args.map((word) => word.text);
  const values = forwarded[name.toLowerCase()];
  const always = condition.length === 0;
  if (!values?.(value, always)) return false;
  if (name.toLowerCase() === 'x-forwarded-port') findings.forward.add('x-forwarded-port');
  else if (name.toLowerCase() === 'x-real-ip') findings.forward.add('x-real-ip');
  else findings.forwardFor = true;
  return true;
}

const forwarded: Readonly<Record<string, (value: string, always: boolean) => boolean>> = {
  'x-forwarded-for': (value) => value === '%[src]' || value === '%ci',
  'x-forwarded-host': (value) => /^%\[(?:req\.)?f?hdr\(host\)\]$/i.test(value),
  'x-forwarded-port': (value) => value === '%[dst_port]' || value === '%fp',
  'x-forwarded-proto': (value, always) => (always ? value.startsWith('%[ssl_fc') : /^https?$/.test(value)),
  'x-real-ip': (value) => value === '%[src]' || value === '%ci',
};

function effectOf(
  side: 'request' | 'response',
  action: string,
  args: readonly Word[],
  spot: Word,
  reading: Reading,
): Effect | undefined {
  const { report } = reading;
  const [first, second] = args;
  switch (action) {
    case 'set-header':
    case 'add-header':
      return first && second && headerEdit(side, action === 'set-header' ? 'set' : 'add', first, second, reading);
    case 'del-header':
      if (args.length === 1 && first) return { do: 'header', side, op: 'remove', name: first.text, value: '' };
      report.error(spot, 'headers can be removed by their whole names only');
      return undefined;
    case 'set-path':
    case 'set-pathq':
    case 'set-uri':
    case 'replace-path':
    case 'replace-pathq':
    case 'replace-uri':
    case 'set-query':
      return side === 'request' ? rewriteEdit(action, args, spot, reading) : unknown(spot, report);
    case 'replace-header':
    case 'replace-value':
      return replaceEdit(side, action === 'replace-value', args, spot, reading);
    case 'redirect':
      return side === 'request' ? redirectOf(args, spot, report) : unknown(spot, report);
    case 'deny':
    case 'tarpit':
    case 'reject':
    case 'silent-drop':
    case 'return':
      return side === 'request' ? answerOf(action, args, spot, report) : unknown(spot, report);
    case 'allow':
      return unknown(spot, report, 'Move the lines that it skips behind conditions of their own.');
    default:
      return unknown(spot, report);
  }
}

/** `http-request auth realm NAME unless { http_auth(LIST) }` */
function authOf(
  args: readonly Word[],
  condition: readonly Word[],
  spot: Word,
  { acls, userlists, report }: Reading,
): Effect | undefined {
  const list = acls.userlist(condition);
  const found = list === undefined ? undefined : userlists.get(list);
  if (!found) return unknown(spot, report, 'Write `unless { http_auth(LIST) }` with a `userlist`, or use `basicAuth`.');
  reportLost(found, report);
  const realm = args[0]?.text === 'realm' ? args[1]?.text : undefined;
  return { do: 'auth', basicAuth: { ...(realm !== undefined && { realm }), users: found.users } };
}

function unknown(spot: Word, report: Report, hint?: string): Effect | undefined {
  report.error(spot, `\`${spot.text}\` cannot be carried over`, hint);
  return undefined;
}

function headerEdit(
  side: 'request' | 'response',
  op: 'set' | 'add',
  name: Word,
  value: Word,
  { acls, findings, report }: Reading,
): Effect | undefined {
  const format = convertFormat(value.text, acls.aliases);
  if ('unknown' in format) {
    report.error(value, `\`${format.unknown}\` has no placeholder here`);
    return undefined;
  }
  if (name.text.toLowerCase() === 'host' && side === 'request') {
    if (/^[A-Za-z0-9.:[\]_-]+$/.test(format.text)) findings.hostHeader = { value: format.text, spot: name };
    else report.error(value, 'the Host for servers can only be a fixed name');
    return undefined;
  }
  return { do: 'header', side, op, name: name.text, value: format.text };
}

/** `replace-header NAME REGEX TEXT`: another value where the expression fits. */
function replaceEdit(
  side: 'request' | 'response',
  list: boolean,
  [name, pattern, value]: readonly Word[],
  spot: Word,
  { acls, report }: Reading,
): Effect | undefined {
  if (!name || !pattern || !value) return unknown(spot, report, 'It needs a name, an expression and a text.');
  if (protectedHeaders.has(name.text.toLowerCase())) {
    report.error(name, `\`${name.text}\` cannot be replaced by an expression`, '`set-header Host` takes a fixed name.');
    return undefined;
  }
  const problems: string[] = [];
  checkPattern(pattern.text, [], (_, message) => problems.push(message));
  for (const problem of problems) report.error(pattern, problem, 'Write it without, or have it done by a plugin.');
  if (problems.length > 0) return undefined;
  const format = convertFormat(grouped(value.text), acls.aliases);
  if ('unknown' in format) {
    report.error(value, `\`${format.unknown}\` has no placeholder here`);
    return undefined;
  }
  return { do: 'header', side, op: 'replace', name: name.text, value: format.text, pattern: pattern.text, list };
}
