// Sends one request of the load and says how it went. On node:http: its parser is strict and not the balancer's own.
// A failure here is the balancer's: connections idle for longer than any keep-alive limit are never reused.
import { Agent, request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Address } from './model.ts';

export interface Exchange {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

export type Outcome =
  | { readonly kind: 'answered'; readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer }
  | { readonly kind: 'failed'; readonly reason: string };

/** Idle connections are closed by us after this: below the keep-alive limit of every balancer, so that none races us. */
const idleMs = 1000;
/** An answer of the demo backend is far below. */
const maxBodyBytes = 1024 * 1024;

/** A kept-alive connection pool, as one browser has: never limited, so that a slow answer delays nobody else. */
export function newAgent(): Agent {
  return new Agent({ keepAlive: true, timeout: idleMs, scheduling: 'lifo' });
}

/** Never rejects. `agent: false` takes a connection of its own. */
export function send(
  target: Address,
  exchange: Exchange,
  options: { readonly agent: Agent | false; readonly timeoutMs: number },
): Promise<Outcome> {
  return new Promise((resolve) => {
    const { method, path, body } = exchange;
    const length = body ? { 'Content-Length': String(body.length) } : {};
    const headers = { ...exchange.headers, ...length };
    const request = httpRequest({ host: target.host, port: target.port, method, path, headers, agent: options.agent });
    const finish = (outcome: Outcome): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const timer = setTimeout(() => {
      finish({ kind: 'failed', reason: `no answer in ${options.timeoutMs} ms` });
      request.destroy();
    }, options.timeoutMs);
    request.on('error', (error) => finish({ kind: 'failed', reason: reasonOf(error) }));
    request.on('response', (response) => void readAll(response).then(finish));
    request.end(body ?? undefined);
  });
}

function readAll(response: IncomingMessage): Promise<Outcome> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBodyBytes) chunks.push(chunk);
      else response.destroy(new Error('answer too large'));
    });
    response.on('error', (error) => resolve({ kind: 'failed', reason: `cut short: ${reasonOf(error)}` }));
    response.on('end', () => {
      const { statusCode: status = 0, headers } = response;
      resolve({ kind: 'answered', status, headers, body: Buffer.concat(chunks) });
    });
  });
}

function reasonOf(error: Error & { readonly code?: string }): string {
  switch (error.code) {
    case 'ECONNRESET':
      return error.message === 'socket hang up' ? 'closed without an answer' : 'reset';
    case 'ECONNREFUSED':
      return 'refused';
    case 'EPIPE':
      return 'closed while sending';
    default:
      return error.code ?? error.message;
  }
}
