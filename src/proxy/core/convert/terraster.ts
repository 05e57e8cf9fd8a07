// A terraster file (`services[]` with `locations[]`) -> ours.
import { nearName } from '../config/explain.ts';
import { isRecord } from '../config/places.ts';
import type { ConfigTree } from '../config/tree.ts';
import type { Report, Spot } from './report.ts';
import { Converter, type Entries, serverOfUrl } from './seed.ts';
import { Ports, redirects, serversTls } from './terraster-tls.ts';

export function isTerraster({ root }: ConfigTree): boolean {
  return Array.isArray(root['services']) && root['frontends'] === undefined;
}

const policies: Readonly<Record<string, Entries>> = {
  'round-robin': { balance: 'roundrobin' },
  'weighted-round-robin': { balance: 'roundrobin' },
  'least-connections': { balance: 'leastconn' },
  'least-response-time': { balance: 'least-response-time' },
  'ip-hash': { balance: 'hash', hash: { key: 'source' } },
  'sticky-session': { balance: 'roundrobin', cookie: { name: 't_px__SESSION_ID', samesite: 'Strict' } },
};

export function convertTerraster(tree: ConfigTree): Converter {
  const converter = new Converter(tree);
  const services = tree.root['services'] as unknown[];
  const ports = new Ports();
  const backends: unknown[] = [];
  services.forEach((service, index) => {
    if (!isRecord(service)) return;
    const spot = converter.spot(services, index);
    if (redirects(service, tree.root, ports, spot, converter)) return;
    const port = typeof service['port'] === 'number' ? service['port'] : 80;
    const { rules } = ports.of(port, service['tls'], spot, converter);
    convertService(service, spot, rules, backends, tree.root, converter);
  });
  const known = [
    'services',
    'health_check',
    'middleware',
    'port',
    'host',
    'http_port',
    'https_port',
    'algorithm',
    'connection_pool',
  ];
  converter.rest(tree.root, known, converter.spot(tree.root, 'services'));
  converter.finish(ports.frontends, backends);
  return converter;
}

function convertService(
  service: Entries,
  spot: Spot,
  rules: unknown[],
  backends: unknown[],
  root: Entries,
  converter: Converter,
): void {
  const { draft, report } = converter;
  const given = service['name'] ?? service['host'];
  const name = typeof given === 'string' ? given : 'service';
  const locations = Array.isArray(service['locations']) ? (service['locations'] as unknown[]) : [];
  locations.forEach((location, index) => {
    if (!isRecord(location)) return;
    const place = converter.spot(locations, index);
    const path = typeof location['path'] === 'string' ? location['path'] : '/';
    const backend = converter.named('backend', locations.length > 1 ? `${name}-${index + 1}` : name, place);
    pool(location, service, root, backend, place, converter);
    draft.push(backends, backend, place);
    const rule: Entries = {};
    if (typeof service['host'] === 'string') draft.put(rule, 'host', service['host'], spot);
    if (typeof location['redirect'] === 'string' && path === '/') {
      // Only the root itself goes elsewhere.
      const redirect: Entries = { location: `\${scheme}://\${host}${location['redirect']}`, code: 301 };
      draft.push(rules, { ...rule, path: '/', redirect }, place);
    }
    draft.put(rule, 'pathPrefix', path, place);
    draft.put(rule, 'backend', backend['name'], place);
    draft.put(rule, 'rewrite', rewriteOf(path, location, place, report), place);
    middleware([...listOf(root['middleware']), ...listOf(service['middleware'])], rule, place, converter);
    headers(service['headers'], rule, place, converter);
    draft.push(rules, rule, place);
    converter.rest(location, ['path', 'rewrite', 'redirect', 'lb_policy', 'backends'], place);
  });
  const known = [
    'name',
    'host',
    'port',
    'tls',
    'http_redirect',
    'redirect_port',
    'health_check',
    'middleware',
    'locations',
    'headers',
    'log_name',
    'log_options',
    'plugin_disabled',
  ];
  converter.rest(service, known, spot);
}

function pool(
  location: Entries,
  service: Entries,
  root: Entries,
  backend: Entries,
  spot: Spot,
  converter: Converter,
): void {
  const { draft, report, spot: spotOf } = converter;
  const policy = typeof location['lb_policy'] === 'string' ? location['lb_policy'] : 'round-robin';
  const ours = policies[policy];
  if (!ours)
    report.error(
      spotOf(location, 'lb_policy'),
      `\`${policy}\` cannot be carried over`,
      nearName(policy, Object.keys(policies)),
    );
  for (const [key, value] of Object.entries(ours ?? {})) draft.put(backend, key, value, spot);
  const check = service['health_check'] ?? root['health_check'];
  const {
    type = 'http',
    path = '/health',
    interval = '10s',
    timeout = '2s',
    thresholds,
  } = isRecord(check) ? check : {};
  const { healthy = 2, unhealthy = 4 } = isRecord(thresholds) ? thresholds : {};
  const http = type === 'http' ? { path, expect: '200-299' } : {};
  draft.put(backend, 'check', { type, ...http, inter: interval, timeout, rise: healthy, fall: unhealthy }, spot);
  const servers: unknown[] = [];
  const given = Array.isArray(location['backends']) ? (location['backends'] as unknown[]) : [];
  given.forEach((each, index) => {
    if (!isRecord(each)) return;
    const place = spotOf(given, index);
    const made = serverOfUrl(String(each['url']), `server${index + 1}`);
    if (!made) return report.error(place, 'a backend needs a `url`');
    // Its backend's own path was never used.
    const { weight, max_connections = 1000 } = each;
    draft.push(servers, { ...made.server, ...(weight !== undefined && { weight }), maxconn: max_connections }, place);
  });
  serversTls(given, backend, (index) => spotOf(given, index), converter);
  draft.put(backend, 'servers', servers, spot);
}

/** The location's prefix is taken away, unless its servers have the same path; with `rewrite` that is put there instead. */
function rewriteOf(path: string, { rewrite, backends }: Entries, spot: Spot, report: Report): Entries {
  const paths = new Set(listOf(backends).map((each) => pathOfUrl(isRecord(each) ? String(each['url']) : String(each))));
  const [serverPath = '/'] = paths;
  if (paths.size > 1) report.error(spot, 'the URLs of the servers of a location must have the same path');
  const to = typeof rewrite === 'string' && rewrite !== '' ? rewrite : undefined;
  return {
    mode: 'terraster',
    prefix: path,
    ...(to !== undefined && { to }),
    ...(serverPath !== '/' && { serverPath }),
  };
}

function pathOfUrl(url: string): string {
  return /^[a-z]+:\/\/[^/]+(\/[^?#]*)/i.exec(url)?.[1] ?? '/';
}

function middleware(given: readonly unknown[], rule: Entries, spot: Spot, { draft, report }: Converter): void {
  for (const [name, value] of given.filter(isRecord).flatMap((each) => Object.entries(each))) {
    const config = isRecord(value) ? value : {};
    if (name === 'rate_limit') {
      draft.put(
        rule,
        'rateLimit',
        { requests: config['requests_per_second'] ?? 20, burst: config['burst'] ?? 50 },
        spot,
      );
    } else if (name === 'compression') {
      if (value === true) draft.put(rule, 'compression', {}, spot);
    } else if (name === 'cors') {
      const {
        allowed_origins = ['*'],
        allowed_methods,
        allowed_headers,
        exposed_headers,
        allow_credentials,
        max_age,
      } = config;
      const cors = {
        origins: allowed_origins,
        methods: allowed_methods,
        headers: allowed_headers,
        expose: exposed_headers,
      };
      const age = typeof max_age === 'number' ? `${max_age}s` : undefined;
      const all = Object.entries({ ...cors, credentials: allow_credentials, maxAge: age }).filter(
        ([, each]) => each !== undefined,
      );
      draft.put(rule, 'cors', Object.fromEntries(all), spot);
    } else if (name === 'security') {
      const {
        hsts,
        hsts_max_age = 31_536_000,
        hsts_include_subdomains = false,
        hsts_preload = false,
        frame_options,
      } = config;
      const maxAge = hsts === true ? `${Number(hsts_max_age)}s` : '0';
      const options = typeof frame_options === 'string' ? { frameOptions: frame_options } : {};
      draft.put(
        rule,
        'securityHeaders',
        { hsts: { maxAge, includeSubdomains: hsts_include_subdomains, preload: hsts_preload }, ...options },
        spot,
      );
    } else if (name === 'circuit_breaker') {
      report.warning(spot, '`circuit_breaker`: set `breaker` of the backend');
    } else {
      report.error(spot, `there is no middleware \`${name}\` here`);
    }
  }
}

function headers(given: unknown, rule: Entries, spot: Spot, { draft }: Converter): void {
  if (!isRecord(given)) return;
  for (const side of ['request', 'response'] as const) {
    const set = given[`${side}_headers`];
    const remove = given[`remove_${side}_headers`];
    if (set === undefined && remove === undefined) continue;
    draft.put(
      rule,
      `${side}Headers`,
      { ...(remove !== undefined && { remove }), ...(set !== undefined && { set }) },
      spot,
    );
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : isRecord(value) ? [value] : [];
}
