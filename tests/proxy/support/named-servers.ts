// Web servers that answer with their names, whose ports a haproxy.cfg finds in its environment; and requests to balancers of them.
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { portOf } from '../../support/ports.ts';
import type { Balancer } from './balancers.ts';

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

/** Who answers: the name of the server, or the status where it is none of success. Each time over a connection of its own. */
export async function whoAnswers(
  { port }: Balancer,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const outgoing = request({ port, host: '127.0.0.1', path, headers, agent: false });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
  const said = await text(response);
  return response.statusCode === 200 ? said : String(response.statusCode);
}
