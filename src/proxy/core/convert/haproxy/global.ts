// What is said once for the whole process: global, stats, logs, and the timeouts that all frontends share.
import type { Draft } from '../draft.ts';
import type { Report } from '../report.ts';
import type { Proxy, Sections } from './sections.ts';
import { bindsOf, durationOf } from './units.ts';
import type { Line, Word } from './words.ts';

type Entries = Record<string, unknown>;

export function convertGlobal(lines: readonly Line[], draft: Draft, report: Report): void {
  for (const { first, words } of lines) {
    const [, second, third] = words;
    if (first.text === 'stats' && second?.text === 'socket' && third) {
      const binds = bindsOf(third.text);
      const known = draft.record(draft.root, 'stats', first);
      const sockets = (known['socket'] ?? []) as unknown[];
      if (known['socket'] === undefined) draft.put(known, 'socket', sockets, second);
      if (binds) for (const bind of binds) draft.push(sockets, socketOf(bind, words), third);
      else report.error(third, `\`${third.text}\` cannot be listened on here`);
    } else if (first.text === 'hard-stop-after' && second) {
      const grace = durationOf(second.text);
      if (grace !== undefined) draft.put(draft.root, 'grace', grace, first);
    } else if (first.text === 'nbthread' || first.text === 'nbproc') {
      report.info(first, 'there is one worker a CPU', 'Set `workers` for another number.');
    } else if (unneeded.has(first.text) || first.text.startsWith('tune.')) {
      report.info(first, `\`${first.text}\` is not needed`, hints[first.text]);
    } else if (first.text === noWebSockets) {
      continue;
    } else if (first.text === 'maxconn') {
      report.info(first, 'each frontend has its own `maxconn`: this, where it says no other');
    } else if (!said.has(first.text) && !/^ssl-default-|^(?:crt|ca)-base$/.test(first.text)) {
      report.warning(first, `\`${first.text}\` has no counterpart here`);
    }
  }
}

/** What others read. */
const said: ReadonlySet<string> = new Set(['localpeer', 'log', 'stats']);

const noWebSockets = 'h2-workaround-bogus-websocket-clients';

/** Undefined: clients of HTTP/2 may open WebSockets there. */
export function noWebSocketsOf(lines: readonly Line[]): Word | undefined {
  return lines.find(({ first }) => first.text === noWebSockets)?.first;
}

/** HAProxy's own level is operator; modes are those of unix sockets. */
function socketOf(bind: string, words: Line['words']): unknown {
  const valueOf = (name: string): string | undefined => words[words.findIndex(({ text }) => text === name) + 1]?.text;
  const level = words.some(({ text }) => text === 'level') ? valueOf('level') : 'operator';
  const mode = words.some(({ text }) => text === 'mode') ? valueOf('mode')?.padStart(4, '0') : undefined;
  if (level === 'admin' && (mode === undefined || mode === '0660')) return bind;
  return { bind, ...(level !== 'admin' && { level }), ...(mode !== undefined && { mode }) };
}

const unneeded: ReadonlySet<string> = new Set([
  'chroot', 'cpu-map', 'daemon', 'description', 'gid', 'group', 'hard-stop-after',
  'insecure-fork-wanted', 'limited-quic', 'log-send-hostname', 'log-tag', 'master-worker', 'mworker-max-reloads', 'node',
  'nosplice', 'pidfile', 'server-state-base', 'server-state-file', 'spread-checks', 'ssl-dh-param-file', 'ssl-load-extra-del-ext', 'ssl-mode-async', 'ssl-server-verify', 'uid',
  'ulimit-n', 'unix-bind', 'user', 'set-dumpable', 'zero-warning', 'strict-limits', 'numa-cpu-mapping', 'profiling.tasks',
]); // prettier-ignore

const hints: Readonly<Record<string, string>> = {
  user: 'The unit of systemd says who it runs as.',
  'ssl-dh-param-file': 'Keys are exchanged by curves only.',
  'tune.ssl.default-dh-param': 'Keys are exchanged by curves only.',
  chroot: 'The unit of systemd confines it.',
};

/** Timeouts of clients, which hold for all frontends here. */
export function convertTimeouts(proxies: readonly Proxy[], draft: Draft, report: Report): void {
  const names = { client: 'client', 'http-request': 'httpRequest', 'http-keep-alive': 'keepAlive' } as const;
  for (const [name, key] of Object.entries(names)) {
    const lines = proxies
      .filter(({ kind }) => kind !== 'backend')
      .flatMap(
        (proxy) =>
          proxy.lines.findLast(({ first, words }) => first.text === 'timeout' && words[1]?.text === name) ?? [],
      );
    const [first] = lines;
    const value = first?.words[2];
    const duration = value && durationOf(value.text);
    if (!first || !value) continue;
    if (duration === undefined) report.error(value, `\`${value.text}\` is not a duration`);
    else draft.put(draft.record(draft.root, 'timeouts', first.first), key, duration, first.first);
    for (const other of lines) {
      const text = other.words[2]?.text;
      if (text !== value.text)
        report.warning(other.first, `\`timeout ${name}\` is one for all frontends: ${value.text}`);
    }
  }
}

/** What all backends say is said once. */
export function shareTimeouts(backends: readonly Entries[], draft: Draft): void {
  const [first, ...others] = backends.map((backend) => (backend['timeouts'] ?? {}) as Entries);
  if (!first) return;
  for (const [key, value] of Object.entries(first)) {
    if (others.some((other) => other[key] !== value)) continue;
    const place = draft.places.get(first, key);
    if (!place) continue;
    draft.put(draft.record(draft.root, 'timeouts', { where: place.key, length: 1 }), key, value, {
      where: place.key,
      length: 1,
    });
    for (const each of [first, ...others]) Reflect.deleteProperty(each, key);
  }
  for (const backend of backends) {
    const own = backend['timeouts'] as Entries | undefined;
    if (own && Object.keys(own).length === 0) Reflect.deleteProperty(backend, 'timeouts');
  }
}

/** A section that only shows statistics is `stats.listen`. True if it is one. */
export function convertStats(proxy: Proxy, draft: Draft, report: Report): boolean {
  const lines = proxy.lines.filter(({ first }) => first.text === 'stats');
  const enabled = lines.find(({ words }) =>
    ['enable', 'uri', 'auth', 'admin', 'refresh'].includes(words[1]?.text ?? ''),
  );
  const exporter = proxy.lines.find(({ words }) => words[1]?.text === 'use-service');
  if (!enabled && !exporter) return false;
  const serves = proxy.lines.find(({ first }) => ['server', 'use_backend', 'default_backend'].includes(first.text));
  const bind = proxy.lines.find(({ first }) => first.text === 'bind');
  const spot = enabled?.first ?? exporter?.first ?? proxy.spot;
  if (proxy.kind === 'backend' || serves || !bind) {
    if (enabled) report.warning(spot, 'statistics have an address of their own here', 'Set `stats.listen`.');
    return false;
  }
  const secured = bind.words.find(({ text }) => text === 'ssl');
  if (secured)
    report.error(secured, 'statistics have no TLS here', 'Put a frontend with TLS in front of `stats.listen`.');
  const address = bind.words[1] && bindsOf(bind.words[1].text)?.[0];
  const stats = draft.record(draft.root, 'stats', spot);
  if (stats['listen'] !== undefined) report.error(bind.first, 'there is one address for statistics');
  if (address !== undefined) draft.put(stats, 'listen', address, bind.first);
  for (const { words } of lines) statsLine(words[1]?.text ?? '', words, stats, draft, report);
  if (enabled && stats['uri'] === undefined) draft.put(stats, 'uri', '/haproxy?stats', enabled.first);
  return true;
}

function statsLine(name: string, words: Line['words'], stats: Entries, draft: Draft, report: Report): void {
  const [, second, third] = words;
  if (!second) return;
  if (name === 'uri' && third) draft.put(stats, 'uri', third.text, second);
  else if (name === 'refresh' && third) {
    const refresh = /[a-z]$/.test(third.text) ? third.text : `${third.text}s`;
    draft.put(stats, 'refresh', refresh, second);
  } else if (name === 'auth')
    report.error(
      second,
      'the page asks for no password here',
      'Let `stats.listen` be an address that only they reach.',
    );
  else if (name === 'admin') report.warning(second, 'servers are administered by the stats socket, not by the page');
}

export function reportSections(sections: Sections, report: Report): void {
  for (const { keyword, spot } of sections.others) {
    if (keyword === 'resolvers' || keyword === 'peers') continue;
    if (keyword === 'userlist') report.info(spot, 'users stand where they are asked for (`basicAuth`)');
    else report.warning(spot, `the section \`${keyword}\` has no counterpart here`);
  }
}
