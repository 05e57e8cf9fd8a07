// What operators do to servers and frontends while the proxy runs, however they say it: by socket, by HTTP, on the page. Each
// action is told to everybody who listens, with who did it and what was before. Returns what is wrong, if anything.
import type { AdminState } from '../core/balance/server-state.ts';
import {
  addBackend,
  addServer,
  editFrontend,
  editServer,
  type NewServer,
  noSuchBackend,
  noSuchFrontend,
  noSuchServer,
  removeBackend,
  removeServer,
  replaceServers,
  type ServerChange,
  splitKey,
} from '../core/config/edit.ts';
import { withoutSecrets } from '../core/config/secrets.ts';
import type { BackendConfig, Bind, CheckConfig } from '../core/config/model.ts';
import { isServerAddress } from '../core/server-address.ts';
import type { ServerRecord } from '../core/server-record.ts';
import type { AgentChange, CheckChange, HealthWord } from '../core/stats/command.ts';
import { parseWeight } from '../core/stats/server-commands.ts';
import type { Fields } from '../core/logging/entry.ts';
import type { ControlledProxy } from './controlled-proxy.ts';

type Problem = string | undefined;

const isEnabled = 'All sockets are already enabled.';
const isDisabled = 'All sockets are already disabled.';
/** Nothing is done for these, and nothing need be. */
export const needless: ReadonlySet<string> = new Set([isEnabled, isDisabled]);

const noAgent = 'agent checks are not enabled on this server.';

export class ServerActions {
  readonly #proxy: ControlledProxy;
  /** Where frontends that are disabled listened. */
  readonly #paused = new Map<string, readonly Bind[]>();

  constructor(proxy: ControlledProxy) {
    this.#proxy = proxy;
  }

  setState(actor: string, key: string, state: AdminState): Problem {
    return this.#withRecord(key, (record) => {
      const before = record.admin;
      if (!record.setAdmin(state, performance.now())) return undefined;
      this.#proxy.changed(record);
      this.#changed(actor, 'set-state', key, { state: before }, { state });
      return undefined;
    });
  }

  setWeight(actor: string, key: string, text: string): Problem {
    return this.#withRecord(key, (record) => {
      const weight = parseWeight(text, record.config.weight);
      if (typeof weight === 'string') return weight;
      const before = record.weight;
      record.weight = weight;
      this.#proxy.changed(record);
      this.#changed(actor, 'set-weight', key, { weight: before }, { weight });
      return undefined;
    });
  }

  setHealth(actor: string, key: string, health: HealthWord): Problem {
    return this.#withRecord(key, (record) => {
      if (record.tracked) return 'cannot change health on a tracking server.';
      const before = record.describe();
      record.forceHealth(health, performance.now());
      this.#proxy.changed(record);
      this.#changed(actor, 'set-health', key, { status: before }, { status: record.describe() });
      return undefined;
    });
  }

  setChecking(actor: string, key: string, on: boolean): Problem {
    return this.#withRecord(key, (record) => {
      if (!record.health) return on ? 'Health check was not configured on this server, cannot enable.' : undefined;
      const before = record.checking;
      record.checking = on;
      this.#changed(actor, on ? 'enable-health' : 'disable-health', key, { checking: before }, { checking: on });
      return undefined;
    });
  }

  /** Whether its agent is asked. */
  setAsking(actor: string, key: string, on: boolean): Problem {
    return this.#withRecord(key, (record) => {
      if (!record.config.check?.agent)
        return on ? 'Agent was not configured on this server, cannot enable.' : undefined;
      const before = record.asking;
      record.asking = on;
      this.#changed(actor, on ? 'enable-agent' : 'disable-agent', key, { asking: before }, { asking: on });
      return undefined;
    });
  }

  /** What its agent would say, until it says otherwise. */
  setAgentWord(actor: string, key: string, up: boolean): Problem {
    return this.#withRecord(key, (record) => {
      if (!record.config.check?.agent) return noAgent;
      const before = record.describe();
      record.report(
        { up, reason: '', admin: undefined, weightPercent: undefined, maxconn: undefined },
        performance.now(),
      );
      this.#proxy.changed(record);
      this.#changed(actor, 'set-agent', key, { status: before }, { status: record.describe() });
      return undefined;
    });
  }

  setCheck(actor: string, key: string, check: CheckChange): Promise<Problem> {
    return this.#setPlace(actor, key, 'set-check', { check });
  }

  setAgent(actor: string, key: string, agent: AgentChange): Promise<Problem> {
    return this.#setPlace(actor, key, 'set-agent', { agent });
  }

  async #setPlace(actor: string, key: string, action: string, change: ServerChange): Promise<Problem> {
    const record = this.#proxy.registry.find(key);
    if (!record) return this.#missing(key);
    const before = record.config.check;
    if (!before) return change.check ? 'health checks are not enabled on this server' : noAgent;
    if (change.agent && !before.agent) return noAgent;
    const address = change.check?.address ?? change.agent?.address;
    if (address !== undefined && !isServerAddress(address)) return `invalid addr '${address}'`;
    const problem = await this.#proxy.edit((config) => editServer(config, key, change));
    if (problem !== undefined) return problem;
    const brief = ({ address: host, port, agent }: CheckConfig): Fields =>
      change.check ? { address: host, port } : (withoutSecrets({ ...agent }) as Fields);
    const after = this.#proxy.registry.find(key)?.config.check ?? before;
    this.#changed(actor, action, key, brief(before), brief(after));
    return undefined;
  }

  async setAddress(actor: string, key: string, address: string, port: number | undefined): Promise<Problem> {
    const record = this.#proxy.registry.find(key);
    if (!record) return this.#missing(key);
    const before = { address: record.config.address, port: record.config.port };
    const after = { address, port: port ?? before.port };
    const { admin, weight } = record;
    const problem = await this.#proxy.edit((config) =>
      editServer(config, key, { ...after, disabled: admin === 'maint' }),
    );
    if (problem !== undefined) return problem;
    // At another address it is another server; what an operator said of it stays.
    const renewed = this.#proxy.registry.find(key);
    if (renewed && renewed !== record) {
      renewed.weight = weight;
      renewed.setAdmin(admin, performance.now());
      this.#proxy.changed(renewed);
    }
    this.#changed(actor, 'set-addr', key, before, after);
    return undefined;
  }

  async setMaxconn(actor: string, key: string, maxconn: number): Promise<Problem> {
    const record = this.#proxy.registry.find(key);
    if (!record) return this.#missing(key);
    const before = { maxconn: record.config.maxconn };
    const problem = await this.#proxy.edit((config) => editServer(config, key, { maxconn }));
    if (problem === undefined) this.#changed(actor, 'set-maxconn', key, before, { maxconn });
    return problem;
  }

  async add(actor: string, backend: string, server: NewServer): Promise<Problem> {
    const problem = await this.#proxy.edit((config) => addServer(config, backend, server));
    if (problem !== undefined) return problem;
    const key = `${backend}/${server.name}`;
    const address = `${server.address}:${server.port}`;
    this.#proxy.events.emit('server_added', { server: key, address });
    this.#audit(actor, 'add-server', { server: key, after: { ...server } });
    return undefined;
  }

  /** `force`: also while it is not in maintenance or has requests, which are then ended or tried elsewhere. */
  async remove(actor: string, key: string, force = false): Promise<Problem> {
    const record = this.#proxy.registry.find(key);
    if (!record) return this.#missing(key);
    if (!force) {
      if (record.admin !== 'maint') return 'Only servers in maintenance mode can be deleted.';
      const counters = await this.#proxy.counters();
      if ((counters.get(`server:${key}`)?.sessions ?? 0) > 0) {
        return 'Server still has connections attached to it, cannot remove it.';
      }
    }
    const problem = await this.#proxy.edit((config) => removeServer(config, key));
    if (problem !== undefined) return problem;
    this.#proxy.events.emit('server_removed', { server: key });
    const { address, port, weight } = record.config;
    this.#audit(actor, 'remove-server', { server: key, before: { address, port, weight } });
    return undefined;
  }

  /** All servers of a backend in one step; those whose name and address stay keep their state and connections. */
  async replace(actor: string, backend: string, servers: readonly NewServer[]): Promise<Problem> {
    const before = this.#proxy.config().backends.find(({ name }) => name === backend)?.servers ?? [];
    const problem = await this.#proxy.edit((config) => replaceServers(config, backend, servers));
    if (problem !== undefined) return problem;
    const brief = (list: readonly Pick<NewServer, 'name' | 'address' | 'port'>[]): string[] =>
      list.map(({ name, address, port }) => `${name} ${address}:${port}`);
    this.#audit(actor, 'replace-servers', { backend, before: brief(before), after: brief(servers) });
    return undefined;
  }

  async addBackend(actor: string, backend: BackendConfig): Promise<Problem> {
    const problem = await this.#proxy.edit((config) => addBackend(config, backend));
    if (problem !== undefined) return problem;
    const servers = backend.servers.map(({ name, address, port }) => `${name} ${address}:${port}`);
    this.#audit(actor, 'add-backend', { backend: backend.name, after: servers });
    return undefined;
  }

  async removeBackend(actor: string, name: string): Promise<Problem> {
    const before = this.#proxy.config().backends.find((backend) => backend.name === name)?.servers ?? [];
    const problem = await this.#proxy.edit((config) => removeBackend(config, name));
    if (problem !== undefined) return problem;
    const servers = before.map((server) => `${server.name} ${server.address}:${server.port}`);
    this.#audit(actor, 'remove-backend', { backend: name, before: servers });
    return undefined;
  }

  shutdownSessions(actor: string, key: string): Problem {
    return this.#withRecord(key, (record) => {
      this.#proxy.shutdownSessions(record);
      this.#audit(actor, 'shutdown-sessions', { server: key });
      return undefined;
    });
  }

  clearCounters(actor: string, all: boolean): void {
    this.#proxy.clearCounters(all);
    this.#proxy.rates.clear();
    this.#audit(actor, 'clear-counters', { all });
  }

  async setFrontendMaxconn(actor: string, name: string, maxconn: number): Promise<Problem> {
    if (maxconn < 1) return 'Value out of range.';
    const before = this.#proxy.config().frontends.find((frontend) => frontend.name === name)?.maxconn;
    const problem = await this.#proxy.edit((config) => editFrontend(config, name, { maxconn }));
    if (problem === undefined) this.#audit(actor, 'set-frontend-maxconn', { frontend: name, before, after: maxconn });
    return problem;
  }

  async setFrontend(actor: string, name: string, action: 'enable' | 'disable' | 'shutdown'): Promise<Problem> {
    const frontend = this.#proxy.config().frontends.find((each) => each.name === name);
    if (!frontend) return noSuchFrontend;
    const { binds } = frontend;
    if (action === 'enable' && binds.length > 0) return isEnabled;
    if (action === 'disable' && binds.length === 0) return isDisabled;
    const wanted = action === 'enable' ? this.#paused.get(name) : [];
    if (!wanted) return 'Frontend was previously shut down, cannot enable.';
    const problem = await this.#proxy.edit((config) => editFrontend(config, name, { binds: wanted }));
    if (problem !== undefined) return problem;
    if (action === 'disable' && binds.length > 0) this.#paused.set(name, binds);
    else if (action !== 'disable') this.#paused.delete(name);
    this.#audit(actor, `${action}-frontend`, { frontend: name });
    return undefined;
  }

  #withRecord(key: string, work: (record: ServerRecord) => Problem): Problem {
    const record = this.#proxy.registry.find(key);
    return record ? work(record) : this.#missing(key);
  }

  #missing(key: string): string {
    const [backend] = splitKey(key);
    return this.#proxy.config().backends.some(({ name }) => name === backend) ? noSuchServer : noSuchBackend;
  }

  #changed(actor: string, action: string, server: string, before: Fields, after: Fields): void {
    this.#proxy.events.emit('server_changed', { server, before, after });
    this.#audit(actor, action, { server, before, after });
  }

  #audit(actor: string, action: string, detail: Fields): void {
    this.#proxy.events.emit('admin_action', { actor, action, detail });
  }
}
