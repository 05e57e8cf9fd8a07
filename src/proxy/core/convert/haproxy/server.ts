// `server` and `default-server` lines of one backend -> its servers, and what of them we say once for the backend.
import { durationMs } from '../../config/duration.ts';
import type { Draft } from '../draft.ts';
import type { Report, Spot } from '../report.ts';
import { checkOf } from './checks.ts';
import { http2Of } from './server-proto.ts';
import { optionDuration, reportOthers, type ServerOptions, serverOptions } from './server-options.ts';
import { convertServerTls } from './server-tls.ts';
import type { TlsDefaults } from './tls.ts';
import { addressOf, durationOf } from './units.ts';
import type { Line, Word } from './words.ts';

type Entries = Record<string, unknown>;

interface Server {
  readonly entry: Entries;
  readonly options: ServerOptions;
  readonly spot: Spot;
}

/** Puts `servers`, `check` and the like into the backend. */
export function convertServers(
  lines: readonly Line[],
  backend: Entries,
  tls: TlsDefaults,
  draft: Draft,
  report: Report,
): void {
  const found = serversOf(lines, draft, report);
  const checked = found.filter(({ options }) => options.values.has('check'));
  const what = checkOf(lines, draft, report);
  const [first] = checked;
  if (first) {
    const check: Entries = what?.check ?? { type: 'tcp' };
    timing(check, checked, lines, draft, report);
    const spoken = same(checked, 'check-proto', report);
    if (spoken) draft.put(check, 'http2', spoken.text === 'h2', spoken.spot);
    draft.put(backend, 'check', check, what?.spot ?? first.spot);
    for (const server of found) ownCheck(server, check, draft, report);
  } else if (what) {
    report.info(what.spot, 'no server of this backend has `check`, so nothing is checked');
  }
  convertServerTls(found, backend, backend['check'] as Entries | undefined, tls, draft, report);
  const slow = same(found, 'slowstart', report);
  const duration = slow && durationOf(slow.text);
  if (slow && duration !== undefined) draft.put(backend, 'slowstart', duration, slow.spot);
  const down = same(found, 'on-marked-down', report);
  const marked = down ?? { text: 'none', spot: first?.spot };
  if (marked.spot) draft.put(backend, 'onMarkedDown', marked.text, marked.spot);
  const proxied = found.find(({ options }) => options.values.has('send-proxy') || options.values.has('send-proxy-v2'));
  if (proxied) sendProxy(found, proxied, backend, draft, report);
  const servers: unknown[] = [];
  for (const { entry, spot } of found) draft.push(servers, entry, spot);
  const spot = found[0]?.spot;
  if (spot) draft.put(backend, 'servers', servers, spot);
}

function serversOf(lines: readonly Line[], draft: Draft, report: Report): Server[] {
  const found: Server[] = [];
  let base: ServerOptions | undefined;
  for (const line of lines) {
    const { first, words } = line;
    if (first.text === 'default-server') base = serverOptions(words.slice(1), base, report);
    else if (first.text === 'server' || first.text === 'server-template') {
      const [, name, address, ...rest] = first.text === 'server' ? words : templated(line, report);
      const at = address && addressOf(address.text);
      if (!name || !address || !at) {
        report.error(address ?? first, 'a server needs a name and an IP address or a host name');
        continue;
      }
      if (at.port === undefined) {
        report.error(address, 'a server needs a port here', 'HAProxy would use the port of the frontend.');
        continue;
      }
      const options = serverOptions(rest, base, report);
      reportOthers(options, report);
      const entry: Entries = {};
      draft.put(entry, 'name', name.text, name);
      draft.put(entry, 'address', at.address, address);
      draft.put(entry, 'port', at.port, address);
      for (const key of ['weight', 'maxconn', 'minconn', 'maxqueue']) {
        const option = options.values.get(key);
        if (option) draft.put(entry, key, Number(option.text), option.spot);
      }
      const http2 = http2Of(options, report);
      if (http2) draft.put(entry, 'http2', http2.value, http2.spot);
      const cookie = options.values.get('cookie');
      if (cookie) draft.put(entry, 'cookie', cookie.text, cookie.spot);
      for (const key of ['backup', 'disabled']) {
        const option = options.values.get(key);
        if (option) draft.put(entry, key, true, option.spot);
      }
      found.push({ entry, options, spot: name });
    }
  }
  return found;
}

/** `server-template web 3 web.internal:80`: its name is looked up for each connection, so one server is all of them. */
function templated({ words }: Line, report: Report): readonly Word[] {
  const [keyword, prefix, count, ...rest] = words;
  if (!keyword || !prefix || !count) return words;
  report.warning(keyword, 'one server stands for all addresses of the name', 'Write them out to check and count each.');
  const first = Number(/^[0-9]+/.exec(count.text)?.[0] ?? 1);
  return [keyword, { ...prefix, text: `${prefix.text}${count.text.includes('-') ? first : 1}` }, ...rest];
}

/** Intervals and counts of all servers that are checked; one of them differing from the others cannot be said. */
function timing(
  check: Entries,
  servers: readonly Server[],
  lines: readonly Line[],
  draft: Draft,
  report: Report,
): void {
  const [first] = servers;
  if (!first) return;
  for (const name of ['rise', 'fall']) {
    const option = same(servers, name, report);
    if (option) draft.put(check, name, Number(option.text), option.spot);
  }
  const inter = optionDuration(first.options, 'inter', report) ?? '2s';
  const line = lines.findLast(({ first: word, words }) => word.text === 'timeout' && words[1]?.text === 'check');
  const timeout = line && durationOf(line.words[2]?.text ?? '');
  const spot = first.options.values.get('inter')?.spot ?? first.spot;
  draft.put(check, 'inter', inter, spot);
  for (const name of ['fastinter', 'downinter']) {
    const own = same(servers, name, report);
    draft.put(check, name, (own && durationOf(own.text)) ?? inter, own?.spot ?? spot);
  }
  const isLonger = timeout !== undefined && durationMs(timeout) > durationMs(inter);
  if (isLonger && line) report.info(line.first, 'a check ends when the next one is due');
  draft.put(check, 'timeout', isLonger ? inter : (timeout ?? inter), line?.words[1] ?? spot);
}

function ownCheck({ entry, options, spot }: Server, check: Entries, draft: Draft, report: Report): void {
  if (!options.values.has('check')) {
    draft.put(entry, 'check', { enabled: false }, spot);
    return;
  }
  const own: Entries = {};
  const inter = optionDuration(options, 'inter', report) ?? '2s';
  if (inter !== check['inter']) draft.put(own, 'inter', inter, options.values.get('inter')?.spot ?? spot);
  const port = options.values.get('port');
  if (port) draft.put(own, 'port', Number(port.text), port.spot);
  const address = options.values.get('addr');
  if (address) draft.put(own, 'address', address.text, address.spot);
  if (Object.keys(own).length > 0) draft.put(entry, 'check', own, spot);
}

/** An option that we say once for all servers. */
function same(servers: readonly Server[], name: string, report: Report): { text: string; spot: Spot } | undefined {
  const [first, ...others] = servers.map(({ options }) => options.values.get(name));
  for (const other of others) {
    if (other?.text === first?.text) continue;
    const spot = other?.spot ?? first?.spot;
    if (spot) report.error(spot, `\`${name}\` must be the same for all servers of a backend`);
    break;
  }
  return first ?? others.find((other) => other !== undefined);
}

function sendProxy(servers: readonly Server[], first: Server, backend: Entries, draft: Draft, report: Report): void {
  const version = first.options.values.has('send-proxy') ? 'send-proxy' : 'send-proxy-v2';
  const spot = first.options.values.get(version)?.spot ?? first.spot;
  if (servers.some(({ options }) => !options.values.has(version))) {
    report.error(spot, `\`${version}\` must be the same for all servers of a backend`);
  }
  draft.put(backend, 'sendProxy', version === 'send-proxy' ? 'v1' : 'v2', spot);
}
