// How Node's own parser (llhttp, strict) frames the same bytes: a server and a client on connections in memory.
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from 'node:http';
import { Duplex } from 'node:stream';
import type { FramedConnection, FramedRequest, FramedResponse } from './ours.ts';

/** A connection whose other side is the test; what is written to it goes nowhere. */
class MemoryConnection extends Duplex {
  constructor() {
    super({ autoDestroy: true });
  }

  override _read(): void {
    // The test pushes.
  }

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }

  // What node:http calls on sockets.
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Reads requests on any number of connections, one after the other. */
export class NodeRequests {
  readonly #server: Server;
  #seen: FramedRequest[] = [];
  #refusals = 0;

  constructor() {
    const take = (request: IncomingMessage, response: ServerResponse): void => this.#take(request, response);
    this.#server = createServer({ insecureHTTPParser: false, maxHeaderSize: 65_536 }, take);
    this.#server.on('checkContinue', take);
    // Not destroyed at once: what came whole before the error is still to be told.
    this.#server.on('clientError', () => (this.#refusals += 1));
  }

  async frame(all: readonly Buffer[]): Promise<FramedConnection> {
    this.#seen = [];
    this.#refusals = 0;
    const connection = new MemoryConnection();
    connection.on('error', () => undefined);
    this.#server.emit('connection', connection);
    for (const piece of all) {
      if (connection.destroyed || this.#refusals > 0) break;
      connection.push(piece);
      await turn();
    }
    for (let turns = 0; turns < 4; turns += 1) await turn();
    const requests = this.#seen;
    this.#seen = [];
    const closed = this.#refusals > 0 || connection.destroyed || connection.writableEnded;
    connection.destroy();
    return { requests, closed };
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url: target = '', headers } = request;
    const upgrades = /\bupgrade\b/i.test(headers.connection ?? '') && headers.upgrade !== undefined;
    const seen: FramedRequest = { method, target, host: headers.host ?? '', body: '', whole: false, upgrades };
    this.#seen.push(seen);
    request.on('data', (bytes: Buffer) => (seen.body += bytes.toString('latin1')));
    request.on('error', () => undefined);
    request.on('end', () => {
      seen.whole = true;
      response.end();
    });
  }
}

/** Reads the answer to a request, up to the end of the connection; undefined if it is none. */
export async function responseReadByNode(all: readonly Buffer[], method: string): Promise<FramedResponse | undefined> {
  const connection = new MemoryConnection();
  const outgoing = httpRequest({ method, createConnection: () => connection });
  const hints: number[] = [];
  let response: IncomingMessage | undefined;
  let body = '';
  outgoing.on('information', ({ statusCode }) => hints.push(statusCode));
  outgoing.on('error', () => undefined);
  outgoing.on('upgrade', (_answer, socket) => socket.destroy());
  outgoing.on('response', (incoming) => {
    response = incoming;
    incoming.on('data', (bytes: Buffer) => (body += bytes.toString('latin1')));
    incoming.on('error', () => undefined);
  });
  outgoing.end();
  await turn();
  for (const piece of all) {
    if (connection.destroyed) break;
    connection.push(piece);
    await turn();
  }
  const closed = connection.destroyed ? Promise.resolve() : once(connection, 'close').catch(() => undefined);
  if (!connection.destroyed) connection.push(null);
  for (let turns = 0; turns < 4; turns += 1) await turn();
  connection.destroy();
  await closed;
  return response && { hints, status: response.statusCode ?? 0, body, whole: response.complete };
}
