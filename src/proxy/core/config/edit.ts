// Changes of a running configuration by commands: configuration -> changed copy, or why not. Pure; a reload undoes them.
import { hostOf, isServerAddress, isServiceName, unixPath } from '../server-address.ts';
import { serverNameOf } from './server-name.ts';
import type { AgentConfig, CheckConfig } from './check-model.ts';
import type { BackendConfig, FrontendConfig, ProxyConfig, RuleConfig, ServerConfig } from './model.ts';

export type Edited = { readonly config: ProxyConfig } | { readonly problem: string };

export interface NewServer {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly weight?: number | undefined;
  readonly maxconn?: number | undefined;
  readonly cookie?: string | undefined;
  readonly backup?: boolean | undefined;
  readonly disabled?: boolean | undefined;
  readonly minconn?: number | undefined;
  readonly maxqueue?: number | undefined;
  /** Checked like the other servers of its backend. */
  readonly check?: boolean | undefined;
  /** What its check does differently. */
  readonly timing?: CheckTiming | undefined;
}

export type CheckTiming = Partial<
  Pick<CheckConfig, 'interMs' | 'fastinterMs' | 'downinterMs' | 'fall' | 'rise' | 'address' | 'port'>
>;

/** What commands change of a server. */
export interface ServerChange {
  readonly address?: string;
  readonly port?: number;
  readonly maxconn?: number;
  readonly disabled?: boolean;
  readonly check?: Partial<Pick<CheckConfig, 'address' | 'port'>>;
  readonly agent?: Partial<AgentConfig>;
}

export const noSuchServer = 'No such server.';
export const noSuchBackend = 'No such backend.';
export const noSuchFrontend = 'No such frontend.';

/** Splits `backend/server`. */
export function splitKey(key: string): readonly [string, string] {
  const slash = key.indexOf('/');
  return slash < 0 ? [key, ''] : [key.slice(0, slash), key.slice(slash + 1)];
}

export function addServer(config: ProxyConfig, backendName: string, wanted: NewServer): Edited {
  const backend = config.backends.find(({ name }) => name === backendName);
  if (!backend) return { problem: noSuchBackend };
  if (!/^[A-Za-z0-9_.:-]+$/.test(wanted.name)) return { problem: 'Invalid server name.' };
  if (backend.servers.some(({ name }) => name === wanted.name)) {
    return { problem: 'Already exists a server with the same name in backend.' };
  }
  const problem = addressProblem(wanted.address, wanted.port);
  if (problem !== undefined) return { problem };
  const [sibling] = backend.servers;
  const checked = backend.servers.find((each) => each.check);
  const check = wanted.check === true ? checkAt(checked, wanted.address, wanted.port) : undefined;
  const server: ServerConfig = {
    ...(sibling ?? bare),
    id: Math.max(0, ...backend.servers.map(({ id }) => id)) + 1,
    name: wanted.name,
    address: wanted.address,
    port: wanted.port,
    initAddr: '',
    weight: wanted.weight ?? 1,
    cookie: wanted.cookie ?? wanted.name,
    backup: wanted.backup ?? false,
    disabled: wanted.disabled ?? true,
    maxconn: wanted.maxconn ?? 0,
    minconn: wanted.minconn ?? 0,
    maxqueue: wanted.maxqueue ?? 0,
    serverName: serverNameAt(sibling, wanted.address),
    track: '',
    check: check && withTiming(check, wanted.timing),
  };
  return { config: withServers(config, backend, [...backend.servers, server]) };
}

const bare: ServerConfig = {
  id: 1,
  name: '',
  address: '',
  port: 0,
  initAddr: '',
  weight: 1,
  cookie: '',
  backup: false,
  disabled: true,
  maxconn: 0,
  minconn: 0,
  maxqueue: 0,
  protocol: 'h1',
  serverName: '',
  check: undefined,
  track: '',
};

/** All servers of a backend at once. What is not said of a server that stays is as before. */
export function replaceServers(config: ProxyConfig, backendName: string, wanted: readonly NewServer[]): Edited {
  const before = config.backends.find(({ name }) => name === backendName);
  if (!before) return { problem: noSuchBackend };
  let now: ProxyConfig = withServers(config, before, []);
  for (const server of wanted) {
    const known = before.servers.find(({ name }) => name === server.name);
    const check = known?.check ?? before.servers.find((each) => each.check)?.check;
    const added = addServer(now, backendName, { ...server, disabled: server.disabled ?? false, check: false });
    if ('problem' in added) return { problem: `${server.name}: ${added.problem}` };
    now = mapServer(added.config, backendName, server.name, (fresh) => ({
      ...(known ?? fresh),
      ...fresh,
      weight: server.weight ?? known?.weight ?? fresh.weight,
      cookie: server.cookie ?? known?.cookie ?? fresh.cookie,
      maxconn: server.maxconn ?? known?.maxconn ?? fresh.maxconn,
      backup: server.backup ?? known?.backup ?? fresh.backup,
      serverName: serverNameAt(known ?? before.servers[0], server.address),
      check: server.check === false ? undefined : moved(check, known ?? before.servers[0], server.address, server.port),
    }));
  }
  return { config: now };
}

function mapServer(
  config: ProxyConfig,
  backend: string,
  name: string,
  change: (server: ServerConfig) => ServerConfig,
): ProxyConfig {
  const servers = (list: readonly ServerConfig[]): ServerConfig[] =>
    list.map((server) => (server.name === name ? change(server) : server));
  const backends = config.backends.map((each) =>
    each.name === backend ? { ...each, servers: servers(each.servers) } : each,
  );
  return { ...config, backends };
}

function moved(
  check: ServerConfig['check'],
  from: ServerConfig | undefined,
  address: string,
  port: number,
): ServerConfig['check'] {
  return checkAt(from && { ...from, check }, address, port);
}

export function removeServer(config: ProxyConfig, key: string): Edited {
  const [backendName, serverName] = splitKey(key);
  const backend = config.backends.find(({ name }) => name === backendName);
  if (!backend) return { problem: noSuchBackend };
  if (!backend.servers.some(({ name }) => name === serverName)) return { problem: noSuchServer };
  const rest = backend.servers.filter(({ name }) => name !== serverName);
  return { config: withServers(config, backend, rest) };
}

/** Changes one server; its check follows it to another address. */
export function editServer(
  config: ProxyConfig,
  key: string,
  { check: checkChange, agent: agentChange, ...change }: ServerChange,
): Edited {
  const [backendName, wanted] = splitKey(key);
  const backend = config.backends.find(({ name }) => name === backendName);
  const server = backend?.servers.find(({ name }) => name === wanted);
  if (!backend || !server) return { problem: noSuchServer };
  const isSame = change.address === undefined || change.address === server.address;
  const changed = { ...server, ...change, initAddr: isSame ? server.initAddr : '' };
  const problem = addressProblem(changed.address, changed.port);
  if (problem !== undefined) return { problem };
  const serverName = serverNameAt(server, changed.address);
  const follows = checkAt(server, changed.address, changed.port);
  const agent = follows?.agent && { ...follows.agent, ...agentChange };
  const check = follows && { ...follows, ...checkChange, agent };
  const servers = backend.servers.map((each) => (each === server ? { ...changed, serverName, check } : each));
  return { config: withServers(config, backend, servers) };
}

/** Adds a backend, which no rule leads to yet. */
export function addBackend(config: ProxyConfig, backend: BackendConfig): Edited {
  if (config.backends.some(({ name }) => name === backend.name))
    return { problem: 'Already exists a backend of that name.' };
  return { config: { ...config, backends: [...config.backends, backend] } };
}

/** Removes a backend that nobody is sent to. */
export function removeBackend(config: ProxyConfig, name: string): Edited {
  if (!config.backends.some((backend) => backend.name === name)) return { problem: noSuchBackend };
  const user = config.frontends.find(
    ({ defaultBackend, rules }) => defaultBackend === name || rules.some((rule) => isAbout(rule, name)),
  );
  if (user) return { problem: `Frontend '${user.name}' sends requests there, or looks at its servers.` };
  if (config.backends.length === 1) return { problem: 'It is the only backend.' };
  return { config: { ...config, backends: config.backends.filter((backend) => backend.name !== name) } };
}

function isAbout(rule: RuleConfig, backend: string): boolean {
  const looks = [rule, ...rule.all, ...rule.any, ...rule.not].some(
    ({ usable, usableBelow }) => Object.hasOwn(usable, backend) || Object.hasOwn(usableBelow, backend),
  );
  return rule.backend === backend || looks;
}

export function editFrontend(
  config: ProxyConfig,
  name: string,
  change: Partial<Pick<FrontendConfig, 'binds' | 'maxconn'>>,
): Edited {
  if (!config.frontends.some((frontend) => frontend.name === name)) return { problem: noSuchFrontend };
  const frontends = config.frontends.map((each) => (each.name === name ? { ...each, ...change } : each));
  return { config: { ...config, frontends } };
}

function addressProblem(address: string, port: number): string | undefined {
  if (!isServerAddress(address)) return `Invalid addr '${address}'`;
  if (unixPath(address) !== undefined || isServiceName(address)) return undefined;
  return Number.isInteger(port) && port > 0 && port <= 65_535 ? undefined : `Invalid port '${port}'`;
}

/** The name that a server has for TLS at another address: one that was given stays, one that is the address follows it. */
function serverNameAt(from: ServerConfig | undefined, address: string): string {
  if (from && from.serverName !== '' && from.serverName !== from.address) return from.serverName;
  return serverNameOf({ address });
}

/** The check of a server as it would be at another address: what named the old one names the new one. */
function checkAt(from: ServerConfig | undefined, address: string, port: number): ServerConfig['check'] {
  if (!from?.check) return undefined;
  const { check } = from;
  return {
    ...check,
    address: check.address === from.address ? address : check.address,
    port: check.port === from.port ? port : check.port,
    host: check.host === hostOf(from) ? hostOf({ address, port }) : check.host,
    tls: check.tls && { serverName: serverNameAt(from, address) },
    agent: check.agent && {
      ...check.agent,
      address: check.agent.address === from.address ? address : check.agent.address,
    },
  };
}

/** Without fast and slow intervals of its own it has one for all. */
function withTiming(check: CheckConfig, timing: CheckTiming = {}): CheckConfig {
  const { interMs } = timing;
  return { ...check, ...(interMs !== undefined && { fastinterMs: interMs, downinterMs: interMs }), ...timing };
}

function withServers(config: ProxyConfig, backend: BackendConfig, servers: readonly ServerConfig[]): ProxyConfig {
  return { ...config, backends: config.backends.map((each) => (each === backend ? { ...each, servers } : each)) };
}
