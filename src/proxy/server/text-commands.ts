// Carries out commands of the stats socket and words the answers as HAProxy does.
import type { Command, StatFilter } from '../core/stats/command.ts';
import { helpText } from '../core/stats/commands.ts';
import { failure, note, type Reply } from '../core/stats/reply.ts';
import { statsCsv } from '../core/stats/rows.ts';
import { infoText, serversConnText, serversStateText } from '../core/stats/text.ts';
import { filteredRows, infoJson, infoTyped, rowsJson, rowsTyped } from '../core/stats/typed.ts';
import { noSuchServer } from '../core/config/edit.ts';
import { shownEnvironment } from '../core/config/secrets.ts';
import { localDate } from '../core/logging/access-fields.ts';
import type { ControlledProxy } from './controlled-proxy.ts';
import { currentInfo } from './current-info.ts';
import { currentRows } from './current-rows.ts';
import type { SessionFacts } from './ipc.ts';
import type { ServerActions } from './server-actions.ts';
import { type Speaker, TextChanges } from './text-changes.ts';
import { version } from './version.ts';

const noBackend = failure("Can't find backend.\n");
const noProxy = failure('No such proxy.\n');

export class TextCommands {
  readonly #proxy: ControlledProxy;
  readonly #changes: TextChanges;

  constructor(proxy: ControlledProxy, actions: ServerActions) {
    this.#proxy = proxy;
    this.#changes = new TextChanges(proxy, actions);
  }

  /** Does what a command says; returns the answer. */
  async run(command: Command, speaker: Speaker): Promise<Reply> {
    const proxy = this.#proxy;
    switch (command.do) {
      case 'show-stat':
        return this.#stat(command.filter);
      case 'show-info': {
        const info = await currentInfo(proxy);
        if (command.format === 'json') return infoJson(info);
        return command.format === 'typed' ? infoTyped(info) : infoText(info);
      }
      case 'show-servers-state':
        if (!this.#hasBackend(command.backend)) return noBackend;
        return serversStateText(proxy.config(), proxy.registry.records, command.backend, performance.now());
      case 'show-servers-conn':
        if (!this.#hasBackend(command.backend)) return noBackend;
        return serversConnText(proxy.config(), proxy.registry.records, await proxy.counters(), command.backend);
      case 'show-backend':
        return list(
          '# name',
          proxy.config().backends.map(({ name }) => name),
        );
      case 'show-sess':
        return this.#sessions(command.session);
      case 'show-errors':
        return this.#errors(command.proxy);
      case 'show-activity':
        return this.#activity();
      case 'show-env':
        return environment(command.name, proxy);
      case 'show-level':
        return note(`${speaker.level}\n`);
      case 'show-cli-sockets':
        return this.#sockets();
      case 'show-peers':
        return proxy.sticks.peers.show(command.words);
      case 'show-version':
        return note(`${version}\n`);
      case 'help':
        return note(helpText(speaker.level, command.words));
      case 'get-weight': {
        const record = proxy.registry.find(command.server);
        return record ? `${record.weight} (initial ${record.config.weight})\n` : failure(`${noSuchServer}\n`);
      }
      case 'answer':
        return failure(command.text);
      case 'prompt':
      case 'quit':
      case 'lower-level':
      case 'set-timeout':
      case 'set-severity':
        // They are about the session alone.
        return '';
      default:
        return this.#changes.run(command, speaker);
    }
  }

  async #stat(filter: StatFilter): Promise<Reply> {
    if (typeof filter.proxy === 'string' && !this.#hasProxy(filter.proxy)) return noProxy;
    const rows = filteredRows(await currentRows(this.#proxy), filter);
    if (filter.format === 'json') return rowsJson(rows);
    return filter.format === 'typed' ? rowsTyped(rows) : statsCsv(rows);
  }

  #hasProxy(wanted: string): boolean {
    const { frontends, backends } = this.#proxy.config();
    return [...frontends, ...backends].some(({ name }) => name === wanted);
  }

  #hasBackend(wanted: string | undefined): boolean {
    return wanted === undefined || this.#proxy.config().backends.some(({ name }) => name === wanted);
  }

  #sockets(): string {
    const { sockets } = this.#proxy.config().stats;
    const place = (socket: (typeof sockets)[number]): string =>
      socket.kind === 'unix' ? `unix@${socket.path}` : `ipv4@${socket.id}`;
    return list(
      '# socket lvl processes',
      sockets.map((socket) => `${place(socket)} ${socket.level} all`),
    );
  }

  async #sessions(wanted: string | undefined): Promise<Reply> {
    const sessions = await this.#proxy.sessions();
    if (wanted === undefined || wanted === 'all') return sessions.map(sessionLine).join('');
    const found = sessions.find(({ id }) => id === wanted);
    return found ? sessionLine(found) : failure('Session not found.\n');
  }

  #errors(wanted: string | undefined): Reply {
    if (wanted !== undefined && !this.#hasProxy(wanted)) return noProxy;
    const dropped = this.#proxy.dropped().filter(({ frontend }) => wanted === undefined || frontend === wanted);
    const lines = dropped.map(
      ({ atMs, frontend, client, status, reason }) =>
        `[${localDate(atMs)}] frontend ${frontend}: invalid request, src ${client}, ${status}: ${reason}\n`,
    );
    return `Total events captured on [${localDate(Date.now())}] : ${dropped.length}\n${lines.join('')}`;
  }

  async #activity(): Promise<string> {
    const info = await currentInfo(this.#proxy);
    return infoText(info.filter(([name]) => /^(Nbproc|Uptime_sec|CurrConns|CumConns|CumReq|Idle_pct)$/.test(name)));
  }
}

function list(head: string, lines: readonly string[]): string {
  return `${head}\n${lines.map((line) => `${line}\n`).join('')}`;
}

function environment(wanted: string | undefined, proxy: ControlledProxy): Reply {
  const { document, texts } = proxy.loaded();
  const all = shownEnvironment(process.env, { document, texts: texts.values() });
  const variables = all.filter(([name]) => wanted === undefined || name === wanted);
  if (wanted !== undefined && variables.length === 0) return failure('Variable not found\n');
  return variables.map(([name, value]) => `${name}=${value}\n`).join('');
}

function sessionLine({ id, source, frontend, backend, server, phase, ageMs }: SessionFacts): string {
  const protocol = source.startsWith(':') ? 'unix_stream' : source.split(':').length > 2 ? 'tcpv6' : 'tcpv4';
  return (
    `${id}: proto=${protocol} src=${source} fe=${frontend} be=${backend ?? '<NONE>'} srv=${server ?? '<none>'} ` +
    `phase=${phase} age=${Math.floor(ageMs / 1000)}s\n`
  );
}
