// Web servers that answer with their names, whose ports a haproxy.cfg finds in its environment.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { portOf } from '../../support/ports.ts';

export class NamedServers implements Disposable {
  /** By the names of the servers. */
  readonly ports: Record<string, string> = {};
  readonly #servers: Server[] = [];

  static async start(...names: readonly string[]): Promise<NamedServers> {
    const started = new NamedServers();
    for (const name of names) {
      const server = createServer((_incoming, response) => response.end(name)).listen(0, '127.0.0.1');
      started.#servers.push(server);
      await once(server, 'listening');
      started.ports[name] = String(portOf(server));
    }
    return started;
  }

  [Symbol.dispose](): void {
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
  }
}
