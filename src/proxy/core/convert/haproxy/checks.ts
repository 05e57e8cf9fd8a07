// option httpchk, http-check and tcp-check lines -> `check` of a backend.
import type { Draft } from '../draft.ts';
import type { Report, Spot } from '../report.ts';
import type { Word } from './words.ts';
import type { Line } from './words.ts';

type Check = Record<string, unknown>;

/** What is checked. Undefined: nothing is said, so a connection is enough. */
export function checkOf(
  lines: readonly Line[],
  draft: Draft,
  report: Report,
): { check: Check; spot: Spot } | undefined {
  let found: { check: Check; spot: Spot } | undefined;
  for (const line of lines) {
    const { first, words } = line;
    const [, second, ...rest] = words;
    if (first.text === 'option' && second) {
      const check = optionCheck(second.text, rest, second, report);
      if (check) found = { check, spot: second };
    } else if (first.text === 'http-check' && second) {
      found ??= { check: { type: 'http' }, spot: second };
      httpCheck(second, rest, found.check, draft, report);
    } else if (first.text === 'tcp-check' && second) {
      found ??= { check: { type: 'tcp' }, spot: second };
      tcpCheck(second, rest, found.check, draft, report);
    }
  }
  return found;
}

function optionCheck(option: string, rest: readonly Word[], spot: Spot, report: Report): Check | undefined {
  switch (option) {
    case 'httpchk':
      return httpOption(rest, spot, report);
    case 'tcp-check':
      return { type: 'tcp' };
    case 'redis-check':
      return { type: 'tcp', send: '*1\r\n$4\r\nPING\r\n', body: { text: '+PONG' } };
    case 'mysql-check':
    case 'pgsql-check':
    case 'smtpchk':
    case 'ldap-check':
    case 'ssl-hello-chk':
    case 'external-check':
    case 'spop-check':
      report.warning(spot, `\`option ${option}\`: only a connection is made`);
      return { type: 'tcp' };
    default:
      return undefined;
  }
}

/** `GET /health HTTP/1.1\r\nHost:\ example.org`; `OPTIONS /` when nothing is said. */
function httpOption(words: readonly Word[], spot: Spot, report: Report): Check {
  const [first, second, version] = words;
  const check: Check = { type: 'http', method: 'OPTIONS', path: '/' };
  if (first && second) {
    setMethod(check, first, report);
    check['path'] = second.text;
  } else if (first) {
    check['path'] = first.text;
  }
  const lines = (version?.text ?? '')
    .split('\r\n')
    .slice(1)
    .filter((line) => line !== '');
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
    header(check, name, value, spot, report);
  }
  return check;
}

function setMethod(check: Check, word: Word, report: Report): void {
  if (['GET', 'HEAD', 'OPTIONS'].includes(word.text)) check['method'] = word.text;
  else report.error(word, `a check cannot use the method ${word.text}`, 'GET, HEAD and OPTIONS can be used.');
}

function header(check: Check, name: string, value: string, spot: Spot, report: Report): void {
  const lower = name.toLowerCase();
  if (lower === 'host') check['host'] = value;
  else if (lower === 'connection') report.info(spot, 'checks close their connections');
  else check['headers'] = { ...(check['headers'] as object | undefined), [name]: value };
}

function httpCheck(action: Word, rest: readonly Word[], check: Check, draft: Draft, report: Report): void {
  if (action.text === 'send') {
    for (let at = 0; at < rest.length; at += 2) {
      const word = rest[at];
      const value = rest[at + 1];
      if (!word || !value) return;
      if (word.text === 'meth') setMethod(check, value, report);
      else if (word.text === 'uri' || word.text === 'uri-lf') draft.put(check, 'path', value.text, value);
      else if (word.text === 'hdr') {
        header(check, value.text, rest[at + 2]?.text ?? '', word, report);
        at += 1;
      } else if (word.text !== 'ver') report.error(word, `\`${word.text}\` of a check cannot be carried over`);
    }
  } else if (action.text === 'expect') {
    expectation(rest, check, draft, report);
  } else {
    report.warning(action, `\`http-check ${action.text}\` has no counterpart here`);
  }
}

function expectation(words: readonly Word[], check: Check, draft: Draft, report: Report): void {
  const not = words.some((word) => word.text === '!');
  const rest = words.filter((word) => word.text !== '!' && !/^(?:min-recv|comment)$/.test(word.text));
  const [kind, value] = rest;
  if (!kind || !value) return;
  switch (kind.text) {
    case 'status':
    case 'rstatus': {
      const ranges = statuses(kind.text, value.text, not);
      if (ranges === undefined) report.error(value, 'no status would be healthy');
      else draft.put(check, 'expect', ranges, value);
      return;
    }
    case 'string':
      draft.put(check, 'body', { text: value.text, ...(not && { not }) }, value);
      return;
    case 'rstring':
      draft.put(check, 'body', { regex: value.text, ...(not && { not }) }, value);
      return;
    default:
      report.error(kind, `\`http-check expect ${kind.text}\` cannot be carried over`);
  }
}

/** The statuses that are meant, as ranges. */
function statuses(kind: string, text: string, not: boolean): string | undefined {
  const listed = text.split(',').map((range) => range.split('-').map(Number));
  const pattern = kind === 'rstatus' ? new RegExp(text) : undefined;
  const holds = (status: number): boolean =>
    (pattern
      ? pattern.test(String(status))
      : listed.some(([low = 0, high = low]) => status >= low && status <= high)) !== not;
  const ranges: string[] = [];
  for (let status = 100; status < 600; status += 1) {
    if (!holds(status)) continue;
    const from = status;
    while (status < 599 && holds(status + 1)) status += 1;
    ranges.push(from === status ? String(from) : `${from}-${status}`);
  }
  return ranges.length === 0 ? undefined : ranges.join(',');
}

function tcpCheck(action: Word, rest: readonly Word[], check: Check, draft: Draft, report: Report): void {
  const [first, second] = rest;
  if (action.text === 'connect') return;
  if (action.text === 'send' && first)
    draft.put(check, 'send', `${typeof check['send'] === 'string' ? check['send'] : ''}${first.text}`, first);
  else if (action.text === 'expect' && first?.text === 'string' && second)
    draft.put(check, 'body', { text: second.text }, second);
  else if (action.text === 'expect' && first?.text === 'rstring' && second)
    draft.put(check, 'body', { regex: second.text }, second);
  else report.warning(action, `\`tcp-check ${action.text}\` has no counterpart here`);
}
