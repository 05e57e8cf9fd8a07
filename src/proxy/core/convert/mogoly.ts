// A Mogoly file (`server[]`, each with its `balance[]`) -> ours. A server's name is the host that clients ask for.
import { isRecord } from '../config/places.ts';
import type { ConfigTree } from '../config/tree.ts';
import { Converter, type Entries, serverOfUrl } from './seed.ts';

export function isMogoly({ root }: ConfigTree): boolean {
  return Array.isArray(root['server']) && root['frontends'] === undefined;
}

/** The values of our configuration in a tree of their own. */
export function convertMogoly(tree: ConfigTree): Converter {
  const converter = new Converter(tree);
  const { draft, report } = converter;
  const list = tree.root['server'] as unknown[];
  const interval = tree.root['healthcheck_interval'] ?? tree.root['health_check_interval'];
  const seen = new Set<string>();
  const rules: unknown[] = [];
  const backends: unknown[] = [];
  list.forEach((server, index) => {
    const spot = converter.spot(list, index);
    if (!isRecord(server)) return;
    const name = (typeof server['name'] === 'string' ? server['name'] : '').toLowerCase();
    if (name === '') return report.error(spot, 'a server needs a `name`, the host that clients ask for');
    if (seen.has(name)) return report.warning(spot, `there is already a server \`${name}\`; the first one holds`);
    seen.add(name);
    const backend = converter.named('backend', name, spot);
    const pool =
      Array.isArray(server['balance']) && server['balance'].length > 0 ? (server['balance'] as unknown[]) : [server];
    const servers: unknown[] = [];
    const ways = new Set<boolean>();
    const paths = new Set<string>();
    pool.forEach((each, at) => {
      if (!isRecord(each)) return;
      const place = pool[0] === server ? spot : converter.spot(pool, at);
      const made = serverOfUrl(urlOf(each), `server${at + 1}`);
      if (!made) return report.error(place, 'a server needs a `url`, or `protocol`, `host` and `port`');
      ways.add(made.tls);
      paths.add(made.path);
      draft.push(servers, made.server, place);
    });
    draft.put(backend, 'servers', servers, spot);
    if (ways.size > 1) report.error(spot, 'servers with and without TLS in one pool cannot be carried over');
    else if (ways.has(true)) draft.put(backend, 'tls', {}, spot);
    if (typeof interval === 'number')
      draft.put(backend, 'check', { type: 'http', path: '/', inter: `${interval}s` }, spot);
    draft.push(backends, backend, spot);
    const rule: Entries = {};
    draft.put(rule, 'host', name, spot);
    draft.put(rule, 'backend', backend['name'], spot);
    const [path = ''] = paths;
    if (paths.size > 1) report.error(spot, 'servers with different paths in one pool cannot be carried over');
    else if (path !== '') draft.put(rule, 'rewrite', { addPrefix: path }, spot);
    middlewares(server['middlewares'], rule, converter);
    draft.push(rules, rule, spot);
    converter.rest(
      server,
      ['name', 'protocol', 'host', 'port', 'url', 'balance', 'middlewares', 'is_healthy', 'forceTLS'],
      spot,
    );
    if (server['forceTLS'] === true)
      report.error(
        spot,
        '`forceTLS` cannot be carried over',
        'Write a rule `{ scheme: http, redirect: { scheme: https } }`.',
      );
  });
  converter.rest(
    tree.root,
    ['server', 'healthcheck_interval', 'health_check_interval', 'log_output', 'stream'],
    converter.spot(tree.root, 'server'),
  );
  converter.finish([{ name: 'http', bind: ['*:80'], rules }], backends);
  return converter;
}

function urlOf({ url, protocol, host, port }: Entries): string {
  if (typeof url === 'string') return url;
  return typeof protocol === 'string' && typeof host === 'string' && typeof port === 'number'
    ? `${protocol}://${host}:${port}`
    : '';
}

/** Its one middleware, under both of its names; 5 requests in 60 s where nothing is said. */
function middlewares(given: unknown, rule: Entries, { draft, report, spot: spotOf }: Converter): void {
  if (!Array.isArray(given)) return;
  given.forEach((each: unknown, index) => {
    const spot = spotOf(given, index);
    if (!isRecord(each) || !/^(?:mogoly:)?ratelimit(?:er)?$/.test(String(each['name']))) {
      report.error(spot, 'there is no such middleware here');
      return;
    }
    if ('rateLimit' in rule) {
      report.error(spot, 'a second rate limit of a host cannot be carried over; the first holds');
      return;
    }
    const config = isRecord(each['config']) ? each['config'] : {};
    const { request_per_minute = 5, limit_window = 60 } = config;
    const per = typeof limit_window === 'number' ? `${limit_window}s` : limit_window;
    draft.put(rule, 'rateLimit', { requests: request_per_minute, per }, spot);
  });
}
