// A `backend` (or the backend half of a `listen`) -> ours: policy, persistence, retries, timeouts, servers.
import type { Draft } from '../draft.ts';
import type { Report } from '../report.ts';
import { isTcp, optionOf, type Proxy } from './sections.ts';
import { convertServers } from './server.ts';
import type { Findings } from './statements.ts';
import type { TlsDefaults } from './tls.ts';
import { durationOf } from './units.ts';
import type { Line, Word } from './words.ts';

type Entries = Record<string, unknown>;

export function convertBackend(
  proxy: Proxy,
  findings: Findings,
  tls: TlsDefaults,
  draft: Draft,
  report: Report,
): Entries {
  const backend: Entries = {};
  draft.put(backend, 'name', proxy.name, proxy.spot);
  for (const line of proxy.lines) setting(line, proxy, backend, draft, report);
  hashType(proxy.lines, backend, draft, report);
  waiting(proxy, backend, draft);
  // The last one holds, and `none` whatever `retries` says.
  const retried = proxy.lines.findLast(({ first }) => first.text === 'retry-on');
  if (retried) retryOn(retried, backend, draft, report);
  const { hostHeader } = findings;
  if (hostHeader) draft.put(backend, 'hostHeader', hostHeader.value, hostHeader.spot);
  convertServers(proxy.lines, backend, tls, draft, report);
  return backend;
}

/** Where HAProxy's own differs from ours: it answers 503 at once, and goes on for clients that closed their side. */
function waiting(proxy: Proxy, backend: Entries, draft: Draft): void {
  const { lines, spot } = proxy;
  const [all, abort] = [optionOf(lines, 'allbackups'), optionOf(lines, 'abortonclose')];
  if (all?.on === true) draft.put(backend, 'allbackups', true, all.spot);
  const persist = optionOf(lines, 'persist');
  if (persist?.on === true) draft.put(backend, 'persist', true, persist.spot);
  draft.put(backend, 'allDown', 'fail', spot);
  if (abort?.on !== true && !isTcp(proxy)) draft.put(backend, 'abortOnClose', false, abort?.spot ?? spot);
}

function setting({ first, words }: Line, proxy: Proxy, backend: Entries, draft: Draft, report: Report): void {
  const [, second, third] = words;
  switch (first.text) {
    case 'balance':
      balance(words.slice(1), backend, draft, report);
      return;
    case 'cookie':
      cookie(words, backend, draft, report);
      return;
    case 'retries':
      draft.put(backend, 'retries', Math.min(10, Number(second?.text)), first);
      return;
    case 'fullconn':
      draft.put(backend, 'fullconn', Number(second?.text), first);
      return;
    case 'http-reuse':
      report.info(first, `\`${first.text}\` is not needed`);
      return;
    case 'timeout': {
      const key = backendTimeouts[second?.text ?? ''];
      const duration = third && durationOf(third.text);
      if (key === undefined || !second || !third || proxy.kind === 'frontend') return;
      if (duration === undefined) report.error(third, `\`${third.text}\` is not a duration`);
      else draft.put(draft.record(backend, 'timeouts', second), key, duration, second);
    }
  }
}

const backendTimeouts: Readonly<Record<string, string>> = {
  connect: 'connect',
  server: 'server',
  queue: 'queue',
  tunnel: 'tunnel',
};

function balance([policy, ...rest]: readonly Word[], backend: Entries, draft: Draft, report: Report): void {
  if (!policy) return;
  // What a `defaults` section said is void.
  Reflect.deleteProperty(backend, 'hash');
  const name = policy.text.replace(/\(.*$/, '');
  const argument = /\(([^)]*)\)/.exec(policy.text)?.[1] ?? rest[0]?.text ?? '';
  const hash = (value: Entries): void => {
    draft.put(backend, 'balance', 'hash', policy);
    draft.put(backend, 'hash', value, policy);
  };
  switch (name) {
    case 'roundrobin':
    case 'static-rr':
    case 'leastconn':
    case 'first':
    case 'random':
      draft.put(backend, 'balance', policy.text, policy);
      return;
    case 'source':
      hash({ key: 'source' });
      return;
    case 'uri': {
      const depth = rest.findIndex((word) => word.text === 'depth');
      const whole = rest.some((word) => word.text === 'whole');
      const len = rest.findIndex((word) => word.text === 'len');
      hash({
        key: 'uri',
        ...(len >= 0 && { len: Number(rest[len + 1]?.text) }),
        ...(depth >= 0 && { depth: Number(rest[depth + 1]?.text) }),
        ...(whole && { whole }),
      });
      return;
    }
    case 'url_param':
      hash({ key: 'query', name: argument });
      return;
    case 'hdr':
      hash({ key: 'header', name: argument });
      return;
    default:
      report.error(
        policy,
        `\`balance ${policy.text}\` cannot be carried over`,
        'There are roundrobin, static-rr, leastconn, first, random, source, uri, url_param and hdr.',
      );
  }
}

function hashType(lines: readonly Line[], backend: Entries, draft: Draft, report: Report): void {
  const hash = backend['hash'] as Entries | undefined;
  const type = lines.findLast(({ first }) => first.text === 'hash-type');
  const factor = lines.findLast(({ first }) => first.text === 'hash-balance-factor');
  if (!hash) return;
  const spot = type?.words[1] ?? lines.findLast(({ first }) => first.text === 'balance')?.first;
  const [, method, ...functions] = type?.words ?? [];
  if (spot && method?.text !== 'consistent') draft.put(hash, 'type', 'map-based', spot);
  const other = functions.find(
    ({ text }) => text !== 'sdbm' && (text !== 'avalanche' || method?.text !== 'consistent'),
  );
  if (other) report.info(other, 'keys are hashed by sdbm: they go to other servers than before, once');
  const value = Number(factor?.words[1]?.text ?? 0);
  if (factor && value > 0) draft.put(hash, 'balanceFactor', Math.max(101, value), factor.first);
}

function cookie(words: readonly Word[], backend: Entries, draft: Draft, report: Report): void {
  const [keyword, name, ...options] = words;
  if (!keyword || !name) return;
  const value: Entries = { name: name.text, httponly: false };
  const modes = new Set(options.map((word) => word.text));
  const mode = ['insert', 'rewrite', 'prefix'].find((each) => modes.has(each));
  if (mode === undefined) {
    report.error(keyword, 'a cookie needs one of `insert`, `rewrite` and `prefix`');
    return;
  }
  if (mode !== 'insert') value['mode'] = mode;
  else if (!modes.has('indirect')) report.warning(keyword, 'servers do not see the cookie, as with `indirect`');
  for (let at = 0; at < options.length; at += 1) {
    const option = options[at];
    if (!option) continue;
    const next = options[at + 1]?.text ?? '';
    switch (option.text) {
      case 'insert':
      case 'rewrite':
      case 'prefix':
      case 'indirect':
      case 'nocache':
        break;
      case 'httponly':
        value['httponly'] = true;
        break;
      case 'secure':
        value['secure'] = true;
        break;
      case 'domain':
        value['domain'] = next.replace(/^\./, '');
        at += 1;
        break;
      case 'attr': {
        const site = /^SameSite=(Strict|Lax|None)$/i.exec(next)?.[1];
        if (site !== undefined) value['samesite'] = site.charAt(0).toUpperCase() + site.slice(1).toLowerCase();
        else report.error(option, `the attribute \`${next}\` cannot be carried over`);
        at += 1;
        break;
      }
      case 'maxidle':
      case 'maxlife': {
        // Bare numbers are seconds here.
        const duration = durationOf(/^[0-9]+$/.test(next) ? `${next}s` : next);
        if (duration === undefined) report.error(option, `\`${next}\` is not a duration`);
        else value[option.text] = duration;
        at += 1;
        break;
      }
      default:
        report.error(option, `\`${option.text}\` of a cookie cannot be carried over`);
    }
  }
  draft.put(backend, 'cookie', value, keyword);
}

/** Whatever breaks before an answer is repeated here where the method allows it; statuses only where it is said. */
function retryOn({ first, words }: Line, backend: Entries, draft: Draft, report: Report): void {
  const statuses = new Set<number>();
  for (const word of words.slice(1)) {
    if (word.text === 'none') draft.put(backend, 'retries', 0, word);
    else if (word.text === 'all-retryable-errors') for (const status of [500, 502, 503, 504]) statuses.add(status);
    else if (/^[45][0-9]{2}$/.test(word.text)) statuses.add(Number(word.text));
    else if (!breaks.has(word.text)) report.error(word, `\`${word.text}\` of \`retry-on\` cannot be carried over`);
  }
  if (statuses.size > 0) draft.put(backend, 'retryOn', [...statuses], first);
}

const breaks: ReadonlySet<string> = new Set([
  '0rtt-rejected',
  'conn-failure',
  'empty-response',
  'junk-response',
  'response-timeout',
]);
