// A real HTTP server for the fakes: routes, a log of what was asked, latency, rate limits, and every failure a network can show.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { AddressInfo } from 'node:net';

export interface FakeRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export interface FakeAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the fake does with requests that fit, instead of (or beside) answering. */
export interface Failure {
  readonly matches: (request: FakeRequest) => boolean;
  /** How often; then it is over. */
  readonly times: number;
  /**
   * `cut`: the connection breaks before anything is done; `cut-after`: after it was done; `hang`: no answer comes.
   * Or an answer.
   */
  readonly how: 'cut' | 'cut-after' | 'hang' | FakeAnswer;
}

export interface FakeOptions {
  readonly answer: (request: FakeRequest) => FakeAnswer;
  /** Requests in a window of time; what is answered beyond that. Answers say how much is left. */
  readonly rateLimit?: { readonly requests: number; readonly windowMs: number; readonly beyond: FakeAnswer };
  readonly latencyMs?: number;
}

export interface FakeService extends AsyncDisposable {
  readonly url: string;
  /** Every request, in the order of arrival. */
  readonly log: readonly FakeRequest[];
  /** The most requests that were under way at the same time. */
  mostAtOnce(): number;
  fail(failure: Failure): void;
  close(): Promise<void>;
}

const maxRequestBytes = 1024 * 1024;

/** Starts a fake on a free port of this machine's loopback. */
export async function startFake(options: FakeOptions): Promise<FakeService> {
  const log: FakeRequest[] = [];
  const failures: { readonly failure: Failure; left: number }[] = [];
  const arrivals: number[] = [];
  let [now, most] = [0, 0];
  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    now += 1;
    most = Math.max(most, now);
    response.once('close', () => (now -= 1));
    const request = await read(incoming);
    log.push(request);
    const failure = failures.find(({ failure: { matches }, left }) => left > 0 && matches(request));
    if (options.latencyMs !== undefined) await delay(options.latencyMs);
    if (failure) failure.left -= 1;
    const how = failure?.failure.how;
    if (how === 'hang') return;
    if (how === 'cut') {
      incoming.socket.destroy();
      return;
    }
    const limited = beyondLimit(arrivals, options);
    const answer = typeof how === 'object' ? how : (limited ?? options.answer(request));
    if (how === 'cut-after') incoming.socket.destroy();
    else write(response, answer, arrivals, options);
  };
  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `http://127.0.0.1:${port}`,
    log,
    mostAtOnce: () => most,
    fail: (failure) => failures.push({ failure, left: failure.times }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** An answer instead of the true one where too many came in the window before now. */
function beyondLimit(arrivals: number[], { rateLimit }: FakeOptions): FakeAnswer | undefined {
  if (!rateLimit) return undefined;
  const now = Date.now();
  while (arrivals[0] !== undefined && arrivals[0] <= now - rateLimit.windowMs) arrivals.shift();
  if (arrivals.length >= rateLimit.requests) return rateLimit.beyond;
  arrivals.push(now);
  return undefined;
}

async function read(incoming: IncomingMessage): Promise<FakeRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxRequestBytes) throw new Error('the request is too large');
    chunks.push(chunk);
  }
  const url = new URL(incoming.url ?? '/', 'http://fake');
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    text: Buffer.concat(chunks).toString('utf8'),
  };
}

function write(
  response: ServerResponse,
  answer: FakeAnswer,
  arrivals: readonly number[],
  { rateLimit }: FakeOptions,
): void {
  const limits = rateLimit
    ? {
        'ratelimit-limit': String(rateLimit.requests),
        'ratelimit-remaining': String(Math.max(0, rateLimit.requests - arrivals.length)),
        'ratelimit-reset': String(Math.ceil(((arrivals[0] ?? Date.now()) + rateLimit.windowMs) / 1000)),
      }
    : {};
  const body =
    answer.body === undefined ? '' : typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  response.writeHead(answer.status, { 'content-type': 'application/json', ...limits, ...answer.headers });
  response.end(body);
}
