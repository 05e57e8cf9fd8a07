// The control side of the master: stats sockets in HAProxy's text protocol, and the statistics page over HTTP.
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import type { AdminState } from '../core/balance/server-state.ts';
import type { Bind, ProxyConfig } from '../core/config/model.ts';
import type { Counters } from '../core/counters.ts';
import type { ServerRecord } from '../core/server-record.ts';
import type { ServerRegistry } from '../core/server-registry.ts';
import { type Command, helpText, parseCommand, parseWeight } from '../core/stats/commands.ts';
import { statsCsv } from '../core/stats/rows.ts';
import { infoText, serversStateText } from '../core/stats/text.ts';
import { VezaError } from '../../lib/errors.ts';
import { removeStale } from './listening-sockets.ts';
import { answerPage, currentRows } from './stats-pages.ts';
import { version } from './version.ts';

export interface ControlledProxy {
  readonly registry: ServerRegistry;
  config(): ProxyConfig;
  counters(): Promise<ReadonlyMap<string, Counters>>;
  clearCounters(): void;
  changed(record: ServerRecord): void;
  shutdownSessions(record: ServerRecord): void;
  reload(): Promise<string | undefined>;
  workers(): number;
}

/** A line longer than this is no command. */
const maxLineBytes = 16_384;
const idleTimeoutMs = 60_000;
/** Of one socket. */
const maxConnections = 128;

export class ControlServer {
  readonly #proxy: ControlledProxy;
  readonly #open = new Map<string, Server | HttpServer>();
  readonly #clients = new Set<Socket>();

  constructor(proxy: ControlledProxy) {
    this.#proxy = proxy;
  }

  /** Listens as the configuration says; closes what it no longer names. Throws if an address cannot be used. */
  async open(config: ProxyConfig): Promise<void> {
    const wanted = new Map<string, () => Promise<Server | HttpServer>>();
    for (const bind of config.stats.sockets) wanted.set(`socket ${bind.id}`, () => listen(this.#textServer(), bind));
    const page = config.stats.listen;
    if (page) wanted.set(`page ${page.id}`, () => listen(this.#pageServer(), page));
    const opened: [string, Server | HttpServer][] = [];
    for (const [key, start] of wanted) {
      if (this.#open.has(key)) continue;
      try {
        opened.push([key, await start()]);
      } catch (error) {
        for (const [, server] of opened) server.close();
        throw error;
      }
    }
    for (const [key, server] of opened) this.#open.set(key, server);
    for (const [key, server] of this.#open) {
      if (wanted.has(key)) continue;
      server.close();
      this.#open.delete(key);
    }
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    const closing = [...this.#open.values()].map((server) => {
      if ('closeAllConnections' in server) server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    });
    await Promise.all(closing);
    this.#open.clear();
  }

  #textServer(): Server {
    return createServer({ allowHalfOpen: true }, (socket) => {
      this.#clients.add(socket);
      socket.setTimeout(idleTimeoutMs, () => socket.destroy());
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.#clients.delete(socket));
      const session = { text: '', prompt: false, working: Promise.resolve() };
      socket.on('data', (bytes: Buffer) => {
        session.text += bytes.toString('utf8');
        if (session.text.length > maxLineBytes) {
          socket.destroy();
          return;
        }
        const lines = session.text.split('\n');
        session.text = lines.pop() ?? '';
        for (const line of lines) {
          session.working = session.working.then(() => this.#line(socket, line, session));
        }
        // No more commands before these are answered and the answers taken.
        socket.pause();
        session.working = session.working.then(() => drained(socket)).then(() => void socket.resume());
      });
      socket.on('end', () => {
        // `printf 'show stat' | nc` ends without a line end.
        if (session.text !== '')
          session.working = session.working.then(() => this.#line(socket, session.text, session));
        session.working = session.working.then(() => {
          socket.end();
        });
      });
    });
  }

  async #line(socket: Socket, line: string, session: { prompt: boolean }): Promise<void> {
    for (const part of line.split(';')) {
      if (!socket.writable) return;
      const command = parseCommand(part);
      if (command.do === 'quit') {
        socket.end();
        return;
      }
      if (command.do === 'prompt') session.prompt = true;
      else reply(socket, `${await this.run(command)}\n`);
      await drained(socket);
    }
    if (session.prompt) reply(socket, '> ');
    else socket.end();
  }

  /** Does what a command says; returns the answer. */
  async run(command: Command): Promise<string> {
    const { registry } = this.#proxy;
    switch (command.do) {
      case 'show-stat':
        return statsCsv(await currentRows(this.#proxy));
      case 'show-info': {
        const facts = {
          version,
          pid: process.pid,
          workers: this.#proxy.workers(),
          uptimeMs: process.uptime() * 1000,
          node: process.version,
        };
        return infoText(facts, await this.#proxy.counters());
      }
      case 'show-servers-state':
        return serversStateText(this.#proxy.config(), registry.records, command.backend, performance.now());
      case 'show-backend':
        return `# name\n${this.#proxy
          .config()
          .backends.map((backend) => `${backend.name}\n`)
          .join('')}`;
      case 'set-state':
        return this.#setState(command.server, command.state);
      case 'set-weight':
        return this.#setWeight(command.server, command.weight);
      case 'get-weight': {
        const record = registry.find(command.server);
        return record ? `${record.weight} (initial ${record.config.weight})\n` : noSuchServer;
      }
      case 'shutdown-sessions': {
        const record = registry.find(command.server);
        if (!record) return noSuchServer;
        this.#proxy.shutdownSessions(record);
        return '';
      }
      case 'clear-counters':
        this.#proxy.clearCounters();
        return '';
      case 'reload':
        return (await this.#proxy.reload()) ?? 'Success=1\n';
      case 'help':
        return helpText;
      case 'answer':
        return command.text;
      case 'prompt':
      case 'quit':
        return '';
      default:
        return command satisfies never;
    }
  }

  #setState(key: string, state: AdminState): string {
    const record = this.#proxy.registry.find(key);
    if (!record) return noSuchServer;
    if (record.setAdmin(state, performance.now())) this.#proxy.changed(record);
    return '';
  }

  #setWeight(key: string, text: string): string {
    const record = this.#proxy.registry.find(key);
    if (!record) return noSuchServer;
    const weight = parseWeight(text, record.config.weight);
    if (weight === undefined) return 'Require <weight> or <weight%>, at most 256.\n';
    record.weight = weight;
    this.#proxy.changed(record);
    return '';
  }

  #pageServer(): HttpServer {
    return createHttpServer((request, response) => {
      answerPage(this.#proxy, request, response).catch(() => response.destroy());
    });
  }
}

/** The client may have gone while its command was carried out. */
function reply(socket: Socket, text: string): void {
  if (socket.writable) socket.write(text);
}

/** Resolves when what was written is taken, or never will be. */
function drained(socket: Socket): Promise<void> {
  if (!socket.writable || !socket.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

const noSuchServer = 'No such server.\n';

function listen<S extends Server | HttpServer>(server: S, bind: Bind): Promise<S> {
  const { promise, resolve, reject } = Promise.withResolvers<S>();
  // Whoever opens connections without end must not take the descriptors that checks and reloads need.
  server.maxConnections = maxConnections;
  // Stays for good: a connection that cannot be accepted later on is an error of the server, too.
  server.on('error', (error: NodeJS.ErrnoException) => {
    reject(
      new VezaError('cannot-bind', `cannot listen on ${bind.id} for statistics: ${error.code ?? error.message}`, {
        hint:
          error.code === 'EADDRINUSE'
            ? 'Another process listens there (node_exporter uses 9100): choose another address in `stats`.'
            : 'Does this host have that address?',
      }),
    );
  });
  if (bind.kind === 'unix') {
    removeStale(bind.path);
    server.listen(bind.path, () => resolve(server));
  } else {
    server.listen(bind.port, bind.host, () => resolve(server));
  }
  return promise;
}
