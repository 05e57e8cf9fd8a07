// `server` and `default-server` lines of one backend -> its servers, and what of them we say once for the backend.
import { parseAddress } from '../../address.ts';
import { durationMs } from '../../config/duration.ts';
import { isNamed, isServiceName, unixPath } from '../../server-address.ts';
import type { Draft } from '../draft.ts';
import type { Report, Spot } from '../report.ts';
import { checkOf } from './checks.ts';
import { http2Of } from './server-proto.ts';
import {
  noAddress,
  optionDuration,
  reportOthers,
  type ServerLine,
  serverLines,
  type ServerOptions,
} from './server-options.ts';
import { convertServerTls } from './server-tls.ts';
import type { TlsDefaults } from './tls.ts';
import { addressOf, durationOf } from './units.ts';
import type { Line } from './words.ts';

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
  const [watched] = found.filter(({ options }) => options.values.has('check') || options.values.has('track'));
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
  const marked = down ?? { text: 'none', spot: watched?.spot };
  if (marked.spot) draft.put(backend, 'onMarkedDown', marked.text, marked.spot);
  const regular = found.filter(({ options }) => !options.values.has('backup'));
  const up = same(regular, 'on-marked-up', report);
  if (up) draft.put(backend, 'onMarkedUp', up.text, up.spot);
  const proxied = found.find(({ options }) => options.values.has('send-proxy') || options.values.has('send-proxy-v2'));
  if (proxied) sendProxy(found, proxied, backend, draft, report);
  const servers: unknown[] = [];
  for (const { entry, spot } of found) draft.push(servers, entry, spot);
  const spot = found[0]?.spot;
  if (spot) draft.put(backend, 'servers', servers, spot);
}

function serversOf(lines: readonly Line[], draft: Draft, report: Report): Server[] {
  return serverLines(lines, report).flatMap((line) => {
    const { address, options } = line;
    const at = addressOf(address.text);
    if (!at) {
      report.error(address, noAddress);
      return [];
    }
    const needsPort = unixPath(at.address) === undefined && !isServiceName(at.address);
    if (needsPort && at.port === undefined) {
      report.error(address, 'a server needs a port here', 'HAProxy would use the port of the frontend.');
      return [];
    }
    reportOthers(options, report);
    return namesOf(line, report).map((name) => {
      const entry: Entries = {};
      draft.put(entry, 'name', name, line.name);
      draft.put(entry, 'address', at.address, address);
      if (needsPort) draft.put(entry, 'port', at.port, address);
      const first = initialAddress(options);
      if (first && isNamed(at.address) && needsPort) draft.put(entry, 'initAddr', first.text, first.spot);
      ownOptions(entry, options, draft, report);
      return { entry, options, spot: line.name };
    });
  });
}

function ownOptions(entry: Entries, options: ServerOptions, draft: Draft, report: Report): void {
  for (const key of ['weight', 'maxconn', 'minconn', 'maxqueue']) {
    const option = options.values.get(key);
    if (option) draft.put(entry, key, Number(option.text), option.spot);
  }
  const http2 = http2Of(options, report);
  if (http2) draft.put(entry, 'http2', http2.value, http2.spot);
  for (const key of ['cookie', 'track']) {
    const option = options.values.get(key);
    if (option) draft.put(entry, key, option.text, option.spot);
  }
  for (const key of ['backup', 'disabled']) {
    const option = options.values.get(key);
    if (option) draft.put(entry, key, true, option.spot);
  }
}

/** Of `server-template web 3 web.internal:80` all three: each gets an address of its own of the name. */
function namesOf({ name, count }: ServerLine, report: Report): readonly string[] {
  if (!count) return [name.text];
  const [, from, to] = /^([0-9]+)(?:-([0-9]+))?$/.exec(count.text) ?? [];
  const [first, last] = to === undefined ? [1, Number(from)] : [Number(from), Number(to)];
  if (last >= first && last - first < maxTemplate)
    return Array.from({ length: last - first + 1 }, (_, index) => `${name.text}${first + index}`);
  report.error(count, `\`${count.text}\` is no number of servers`, `Write \`3\` or \`1-3\`; at most ${maxTemplate}.`);
  return [];
}

const maxTemplate = 1000;

/** The address in `init-addr last,libc,192.0.2.1`; the other words say how HAProxy finds one. */
function initialAddress({ values }: ServerOptions): { readonly text: string; readonly spot: Spot } | undefined {
  const option = values.get('init-addr');
  const text = option?.text.split(',').find((each) => parseAddress(each) !== undefined);
  return option && text !== undefined ? { text, spot: option.spot } : undefined;
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
  observation(check, servers, draft, report);
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

/** What traffic says to checks. */
function observation(check: Entries, servers: readonly Server[], draft: Draft, report: Report): void {
  const [observe, limit] = [same(servers, 'observe', report), same(servers, 'error-limit', report)];
  const then = same(servers, 'on-error', report);
  if (observe) draft.put(check, 'observe', observe.text, observe.spot);
  if (limit) draft.put(check, 'errorLimit', Number(limit.text), limit.spot);
  if (then) draft.put(check, 'onError', then.text, then.spot);
}

function ownCheck({ entry, options, spot }: Server, check: Entries, draft: Draft, report: Report): void {
  const track = options.values.get('track');
  if (track && options.values.has('check')) report.error(track.spot, 'who tracks another server has no check');
  if (track) return;
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
