// The control side of the master listens here: stats sockets in HAProxy's text protocol, the statistics page and metrics over
// HTTP, and the admin interface.
import { chmodSync } from 'node:fs';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { builtins } from '../../lib/builtins.ts';
import type { Bind, ProxyConfig, StatsSocket } from '../core/config/model.ts';
import { VezaError } from '../../lib/errors.ts';
import type { AdminApi } from './admin/api.ts';
import { bindHint } from './bind-hint.ts';
import { Authority } from './admin/authority.ts';
import type { ControlledProxy } from './controlled-proxy.ts';
import { removeStale } from './listening-sockets.ts';
import { ServerActions } from './server-actions.ts';
import { answerPage } from './stats-pages.ts';
import { TextCommands } from './text-commands.ts';
import { TextSession } from './text-session.ts';
import { saveAlways } from './write-back.ts';

/** Of one socket. */
const maxConnections = 128;

export class ControlServer {
  readonly #proxy: ControlledProxy;
  readonly #actions: ServerActions;
  readonly #commands: TextCommands;
  readonly #authority: Authority;
  readonly #open = new Map<string, Server | HttpServer>();
  readonly #clients = new Set<Socket>();
  #api: AdminApi | undefined;

  constructor(proxy: ControlledProxy) {
    this.#proxy = proxy;
    this.#actions = new ServerActions(proxy);
    this.#commands = new TextCommands(proxy, this.#actions);
    this.#authority = new Authority(proxy.events);
    saveAlways(proxy);
  }

  /** Listens as the configuration says; closes what it no longer names. Throws if an address cannot be used. */
  async open(config: ProxyConfig): Promise<void> {
    const wanted = new Map<string, () => Promise<Server | HttpServer>>();
    for (const bind of config.stats.sockets) {
      const mode = bind.mode.toString(8);
      wanted.set(`socket ${bind.id} ${bind.level} ${mode}`, () => listen(this.#textServer(bind), bind, bind.mode));
    }
    const page = config.stats.listen;
    if (page) wanted.set(`page ${page.id}`, () => listen(this.#pageServer('page'), page, 0o660));
    for (const bind of config.admin?.listen ?? []) {
      const mode = config.admin?.mode ?? 0o660;
      wanted.set(`admin ${bind.id} ${mode.toString(8)}`, () => listen(this.#pageServer('admin'), bind, mode));
    }
    const opened: [string, Server | HttpServer][] = [];
    for (const [key, server] of this.#open) {
      // The same address with another level: the old one has to go first.
      if (!wanted.has(key) && [...wanted.keys()].some((each) => sameAddress(each, key))) {
        await closed(server);
        this.#open.delete(key);
      }
    }
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
    this.#authority.configure(config.admin);
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
      return closed(server);
    });
    await Promise.all(closing);
    this.#open.clear();
  }

  #textServer(bind: StatsSocket): Server {
    return createServer({ allowHalfOpen: true }, (socket) => {
      this.#clients.add(socket);
      socket.on('close', () => this.#clients.delete(socket));
      const from = bind.kind === 'unix' ? bind.path : (socket.remoteAddress ?? '?');
      new TextSession(socket, this.#commands, bind.level, `stats socket ${from}`);
    });
  }

  /** `admin`: nothing but the admin interface. `page`: the page and metrics, and the interface if there is one. */
  #pageServer(what: 'page' | 'admin'): HttpServer {
    return builtins.http.createServer((request, response) => {
      this.#answer(what, request, response).catch(() => response.destroy());
    });
  }

  async #answer(what: 'page' | 'admin', request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isApi = what === 'admin' || (this.#proxy.config().admin !== undefined && /^\/api\//.test(request.url ?? ''));
    if (!isApi) return answerPage(this.#proxy, request, response);
    // Loaded when it is needed: workers never answer here.
    const { AdminApi } = await import('./admin/api.ts');
    this.#api ??= new AdminApi(this.#proxy, this.#actions, this.#authority);
    return this.#api.answer(request, response);
  }
}

function sameAddress(left: string, right: string): boolean {
  return left.split(' ')[1] === right.split(' ')[1];
}

function closed(server: Server | HttpServer): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}

export function listen<S extends Server | HttpServer>(server: S, bind: Bind, mode: number): Promise<S> {
  const { promise, resolve, reject } = Promise.withResolvers<S>();
  // Whoever opens connections without end must not take the descriptors that checks and reloads need.
  server.maxConnections = maxConnections;
  // Stays for good: a connection that cannot be accepted later on is an error of the server, too.
  server.on('error', (error: NodeJS.ErrnoException) => {
    reject(
      new VezaError('cannot-bind', `cannot listen on ${bind.id} for statistics: ${error.code ?? error.message}`, {
        hint: `${bindHint(bind, error.code)}${bind.kind === 'tcp' && bind.port === 9100 ? ' node_exporter uses 9100 too.' : ''}`,
      }),
    );
  });
  if (bind.kind === 'unix') {
    removeStale(bind.path);
    // Never, not even for a moment, open to more than the mode says.
    const mask = process.umask(0o777 & ~mode);
    server.listen(bind.path, () => {
      chmodSync(bind.path, mode);
      resolve(server);
    });
    process.umask(mask);
  } else {
    server.listen(bind.port, bind.host, () => resolve(server));
  }
  return promise;
}
