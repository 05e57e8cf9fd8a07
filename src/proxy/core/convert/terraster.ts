// A terraster file (`services[]` with `locations[]`) -> ours.
import { isRecord } from '../config/places.ts';
import type { ConfigTree } from '../config/tree.ts';
import type { Spot } from './report.ts';
import { Converter, type Entries, serverOfUrl } from './seed.ts';

export function isTerraster({ root }: ConfigTree): boolean {
  return Array.isArray(root['services']) && root['frontends'] === undefined;
}

const policies: Readonly<Record<string, Entries>> = {
  'round-robin': { balance: 'roundrobin' },
  'weighted-round-robin': { balance: 'roundrobin' },
  'least-connections': { balance: 'leastconn' },
  'ip-hash': { balance: 'hash', hash: { key: 'source' } },
  'sticky-session': { balance: 'roundrobin', cookie: { name: 't_px__SESSION_ID', samesite: 'Strict' } },
};

export function convertTerraster(tree: ConfigTree): Converter {
  const converter = new Converter(tree);
  const services = tree.root['services'] as unknown[];
  const byPort = new Map<number, unknown[]>();
  const backends: unknown[] = [];
  services.forEach((service, index) => {
    if (!isRecord(service)) return;
    const port = typeof service['port'] === 'number' ? service['port'] : 80;
    const rules = byPort.get(port) ?? [];
    byPort.set(port, rules);
    convertService(service, converter.spot(services, index), rules, backends, tree.root, converter);
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
  const frontends = [...byPort].map(([port, rules]) => ({
    name: `http-${port}`,
    bind: [`*:${port}`],
    ruleOrder: 'specific',
    rules,
  }));
  converter.finish(frontends, backends);
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
  const tls = service['tls'];
  if (isRecord(tls) && tls['enabled'] === true) report.error(spot, 'TLS of a service cannot be carried over');
  if (service['http_redirect'] === true)
    report.error(
      spot,
      '`http_redirect` cannot be carried over',
      'Write a rule `{ scheme: http, redirect: { scheme: https } }`.',
    );
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
      const redirect: Entries = { location: `http://\${host}${location['redirect']}`, code: 301 };
      draft.push(rules, { ...rule, path: '/', redirect }, place);
    }
    draft.put(rule, 'pathPrefix', path, place);
    draft.put(rule, 'backend', backend['name'], place);
    const rewrite = rewriteOf(path, location);
    if (rewrite) draft.put(rule, 'rewrite', rewrite, place);
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
  { draft, report, spot: spotOf }: Converter,
): void {
  const policy = typeof location['lb_policy'] === 'string' ? location['lb_policy'] : 'round-robin';
  const ours = policies[policy];
  if (!ours)
    report.error(spot, `\`${policy}\` cannot be carried over`, `There are ${Object.keys(policies).join(', ')}.`);
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
    if (made.tls) report.error(place, 'servers that speak TLS cannot be carried over');
    // Its backend's own path was never used.
    const { weight, max_connections = 1000 } = each;
    draft.push(servers, { ...made.server, ...(weight !== undefined && { weight }), maxconn: max_connections }, place);
  });
  draft.put(backend, 'servers', servers, spot);
}

/** A location's prefix is taken away; with `rewrite` that is put there instead. */
function rewriteOf(path: string, { rewrite }: Entries): Entries | undefined {
  const to = typeof rewrite === 'string' && rewrite !== '' ? `/${rewrite.replace(/^\/|\/$/g, '')}` : undefined;
  if (path === '/' && to === undefined) return undefined;
  return { ...(path !== '/' && { stripPrefix: path }), ...(to !== undefined && to !== '/' && { addPrefix: to }) };
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
