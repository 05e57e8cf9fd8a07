// Carries out commands of the stats socket and words the answers as HAProxy does.
import { hostname } from 'node:os';
import { type Command, helpText, parseServerWords, type SocketLevel } from '../core/stats/commands.ts';
import { statsCsv } from '../core/stats/rows.ts';
import { type TableAction, tableCommand } from '../core/stats/stick-commands.ts';
import { infoOf, infoText, serversConnText, serversStateText } from '../core/stats/text.ts';
import { filteredRows, type Info, infoJson, infoTyped, rowsJson, rowsTyped } from '../core/stats/typed.ts';
import { noSuchServer, splitKey } from '../core/config/edit.ts';
import { audited } from './audit.ts';
import type { ControlledProxy } from './controlled-proxy.ts';
import { currentRows } from './current-rows.ts';
import type { ServerActions } from './server-actions.ts';
import { releaseDate, version } from './version.ts';

export interface Speaker {
  /** Who, for the audit. */
  readonly actor: string;
  readonly level: SocketLevel;
}

export class TextCommands {
  readonly #proxy: ControlledProxy;
  readonly #actions: ServerActions;

  constructor(proxy: ControlledProxy, actions: ServerActions) {
    this.#proxy = proxy;
    this.#actions = actions;
  }

  /** Does what a command says; returns the answer. */
  async run(command: Command, speaker: Speaker): Promise<string> {
    const proxy = this.#proxy;
    switch (command.do) {
      case 'show-stat': {
        const rows = filteredRows(await currentRows(proxy), command.filter);
        if (command.filter.format === 'json') return rowsJson(rows);
        return command.filter.format === 'typed' ? rowsTyped(rows) : statsCsv(rows);
      }
      case 'show-info': {
        const info = await currentInfo(proxy);
        if (command.format === 'json') return infoJson(info);
        return command.format === 'typed' ? infoTyped(info) : infoText(info);
      }
      case 'show-servers-state':
        return serversStateText(proxy.config(), proxy.registry.records, command.backend, performance.now());
      case 'show-servers-conn':
        return serversConnText(proxy.config(), proxy.registry.records, await proxy.counters(), command.backend);
      case 'show-backend':
        return `# name\n${proxy
          .config()
          .backends.map(({ name }) => `${name}\n`)
          .join('')}`;
      case 'show-sess':
        return this.#sessions();
      case 'show-errors':
        return this.#errors();
      case 'show-activity':
        return this.#activity();
      case 'show-level':
        return `${speaker.level}\n`;
      case 'show-version':
        return `${version}\n`;
      case 'table':
        return this.#table(command.action, command.words, speaker.actor);
      case 'help':
        return helpText(speaker.level);
      case 'get-weight': {
        const record = proxy.registry.find(command.server);
        return record ? `${record.weight} (initial ${record.config.weight})\n` : `${noSuchServer}\n`;
      }
      case 'answer':
        return command.text;
      case 'prompt':
      case 'quit':
      case 'lower-level':
        return '';
      default:
        return this.#change(command, speaker.actor);
    }
  }

  async #change(command: Changing, actor: string): Promise<string> {
    const actions = this.#actions;
    switch (command.do) {
      case 'set-state':
        return said(actions.setState(actor, command.server, command.state));
      case 'set-weight':
        return said(actions.setWeight(actor, command.server, command.weight));
      case 'set-health':
        return said(actions.setHealth(actor, command.server, command.health));
      case 'set-checking':
        return said(actions.setChecking(actor, command.server, command.on));
      case 'set-addr':
        return this.#setAddress(actor, command.server, command.address, command.port);
      case 'set-maxconn':
        return said(await actions.setMaxconn(actor, command.server, command.count));
      case 'set-frontend-maxconn':
        return said(await actions.setFrontendMaxconn(actor, command.frontend, command.count));
      case 'set-frontend':
        return said(await actions.setFrontend(actor, command.frontend, command.action));
      case 'add-server':
        return this.#add(actor, command.server, command.address, command.words);
      case 'del-server':
        return said(await actions.remove(actor, command.server), 'Server deleted.\n');
      case 'shutdown-sessions':
        return said(actions.shutdownSessions(actor, command.server));
      case 'shutdown-session':
        return this.#shutdownSession(actor, command.session);
      case 'clear-counters':
        actions.clearCounters(actor, command.all);
        return '';
      case 'reload':
        return (await audited(this.#proxy, actor, 'reload', () => this.#proxy.reload())) ?? 'Success=1\n';
      case 'upgrade':
        return (await audited(this.#proxy, actor, 'upgrade', () => this.#proxy.upgrade())) ?? 'Success=1\n';
      default:
        return command satisfies never;
    }
  }

  async #table(action: TableAction, words: readonly string[], actor: string): Promise<string> {
    const proxy = this.#proxy;
    // Workers that tell their counters tell first what is new in the tables.
    await proxy.counters();
    const { tables } = proxy.sticks;
    if (action !== 'show') proxy.events.emit('admin_action', { actor, action: `${action}-table`, detail: { words } });
    return tableCommand(action, words, {
      tables,
      config: proxy.config(),
      nowMs: performance.now(),
      tell: () => proxy.sticks.tell(),
      forget: (table, keys) => proxy.sticks.forget(table, keys),
    });
  }

  async #setAddress(actor: string, key: string, address: string, port: number | undefined): Promise<string> {
    const before = this.#proxy.registry.find(key)?.config;
    const problem = await this.#actions.setAddress(actor, key, address, port);
    if (problem !== undefined || !before) return said(problem ?? noSuchServer);
    const moved =
      before.address === address ? 'no need to change the addr' : `IP changed from '${before.address}' to '${address}'`;
    const other =
      port === undefined || port === before.port
        ? 'no need to change the port'
        : `port changed from '${before.port}' to '${port}'`;
    return `${moved}, ${other} by 'stats socket command'\n`;
  }

  async #add(actor: string, key: string, at: string, words: readonly string[]): Promise<string> {
    const [backend, name] = splitKey(key);
    const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^[\]\s]+)):([0-9]{1,5})$/.exec(at);
    if (!match) return `'${at}' is not an address and a port.\n`;
    const options = parseServerWords(words);
    if (typeof options === 'string') return `${options}\n`;
    const server = { name, address: match[1] ?? match[2] ?? '', port: Number(match[3]), ...options };
    return said(await this.#actions.add(actor, backend, server), 'New server registered.\n');
  }

  async #shutdownSession(actor: string, id: string): Promise<string> {
    const sessions = await this.#proxy.sessions();
    if (!sessions.some((session) => session.id === id)) return "No such session (use 'show sess').\n";
    this.#proxy.shutdownSession(id);
    this.#proxy.events.emit('admin_action', { actor, action: 'shutdown-session', detail: { session: id } });
    return '';
  }

  async #sessions(): Promise<string> {
    const sessions = await this.#proxy.sessions();
    return sessions
      .map(
        ({ id, source, frontend, backend, server, phase, ageMs }) =>
          `${id}: proto=${source.startsWith(':') ? 'unix_stream' : source.split(':').length > 2 ? 'tcpv6' : 'tcpv4'} src=${source} ` +
          `fe=${frontend} be=${backend ?? '<NONE>'} srv=${server ?? '<none>'} phase=${phase} age=${Math.floor(ageMs / 1000)}s\n`,
      )
      .join('');
  }

  #errors(): string {
    const dropped = this.#proxy.dropped();
    const lines = dropped.map(
      ({ atMs, frontend, client, status, reason }) =>
        `[${new Date(atMs).toISOString()}] frontend ${frontend}: invalid request, src ${client}, ${status}: ${reason}\n`,
    );
    return `Total events captured on [${new Date().toISOString()}] : ${dropped.length}\n${lines.join('')}`;
  }

  async #activity(): Promise<string> {
    const info = await currentInfo(this.#proxy);
    return infoText(info.filter(([name]) => /^(Nbproc|Uptime_sec|CurrConns|CumConns|CumReq|Idle_pct)$/.test(name)));
  }
}

type Changing = Exclude<
  Command,
  {
    readonly do:
      | 'show-stat'
      | 'show-info'
      | 'show-servers-state'
      | 'show-servers-conn'
      | 'show-backend'
      | 'show-sess'
      | 'show-errors'
      | 'show-activity'
      | 'show-level'
      | 'show-version'
      | 'help'
      | 'table'
      | 'get-weight'
      | 'answer'
      | 'prompt'
      | 'quit'
      | 'lower-level';
  }
>;

function said(problem: string | undefined, done = ''): string {
  return problem === undefined ? done : `${problem}\n`;
}

/** What `show info` tells now. */
export async function currentInfo(proxy: ControlledProxy): Promise<Info> {
  const counters = await proxy.counters();
  const { frontends } = proxy.config();
  const rates = frontends.map(({ name }) => proxy.rates.ratesOf(`frontend:${name}`));
  const sum = (key: keyof (typeof rates)[number]): number => rates.reduce((total, each) => total + each[key], 0);
  return infoOf(
    {
      version,
      releaseDate,
      pid: process.pid,
      workers: proxy.workers(),
      uptimeMs: process.uptime() * 1000,
      node: hostname(),
      maxconn: frontends.reduce((total, { maxconn }) => total + maxconn, 0),
      listeners: frontends.reduce((total, { binds }) => total + binds.length, 0),
      startSeconds: Math.floor(Date.now() / 1000 - process.uptime()),
      idlePercent: proxy.idlePercent(),
      rates: {
        connections: sum('connections'),
        connectionsMax: sum('connectionsMax'),
        requests: sum('requests'),
        requestsMax: sum('requestsMax'),
      },
    },
    counters,
  );
}
