// How acme-client reaches an authority: our own HTTPS in the place of its HTTP library's, so that trust, time limits and
// cancelling are ours, and what went wrong is kept whole (acme-client keeps only a text of it).
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Agent } from 'node:https';
import { builtins } from '../lib/builtins.ts';
import { messageOf } from '../lib/errors.ts';
import { problemOf, type Problem } from './errors.ts';

/** What is known of the last answer within one call. */
export interface Exchange {
  readonly agent: Agent;
  readonly signal: AbortSignal | undefined;
  problem: Problem | null;
  /** No answer came. */
  broken: Error | null;
  retryAfterMs: number | undefined;
}

export type AcmeClientModule = typeof import('acme-client');

/** One request, from the connect to the last byte. */
const requestTimeoutMs = 30_000;
/** Chains are some kilobytes, directories less. */
const maxAnswerBytes = 1024 * 1024;

const exchanges = new AsyncLocalStorage<Exchange>();
let loaded: Promise<AcmeClientModule> | null = null;

/** Loads the package when it is needed (it is large), with our transport in it. */
export function loadAcmeClient(): Promise<AcmeClientModule> {
  loaded ??= import('acme-client').then(({ default: module }) => {
    module.axios.defaults.adapter = async (config) => {
      const headers = Object.entries(config.headers.toJSON()).map(([name, value]) => [name, String(value)] as const);
      const body = typeof config.data === 'string' ? config.data : '';
      const answer = await answerTo(config.url ?? '', (config.method ?? 'get').toUpperCase(), headers, body);
      return { data: answer.body, status: answer.status, statusText: '', headers: answer.headers, config };
    };
    return module;
  });
  return loaded;
}

/** Connections to one authority; `trust` is PEM, beside the usual authorities. */
export function agentFor(trust: string | undefined): Agent {
  return new builtins.https.Agent({
    keepAlive: true,
    ...(trust !== undefined && { ca: [...builtins.tls.getCACertificates('default'), trust] }),
  });
}

/** Runs `use` with its requests going over `agent`; what came of the last one is in the result, whether it failed or not. */
export async function withExchange<T>(
  agent: Agent,
  signal: AbortSignal | undefined,
  use: () => Promise<T>,
): Promise<{ readonly exchange: Exchange } & ({ readonly value: T } | { readonly error: unknown })> {
  const exchange: Exchange = { agent, signal, problem: null, broken: null, retryAfterMs: undefined };
  try {
    return { exchange, value: await exchanges.run(exchange, use) };
  } catch (error) {
    return { exchange, error };
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

async function answerTo(
  url: string,
  method: string,
  headers: readonly (readonly [string, string])[],
  body: string,
): Promise<Answer> {
  const state = exchanges.getStore();
  if (!state) throw new Error('a request outside of withExchange');
  state.broken = null;
  state.problem = null;
  try {
    const answer = await send(url, method, headers, body, state);
    state.retryAfterMs = retryAfterMs(answer.headers['retry-after'], Date.now());
    if (answer.status >= 400) state.problem = problemOf(answer.status, jsonOrText(answer.body));
    return answer;
  } catch (error) {
    state.broken = error instanceof Error ? error : new Error(messageOf(error));
    throw error;
  }
}

async function send(
  url: string,
  method: string,
  headers: readonly (readonly [string, string])[],
  body: string,
  { agent, signal }: Exchange,
): Promise<Answer> {
  const timeout = AbortSignal.timeout(requestTimeoutMs);
  const both = signal ? AbortSignal.any([signal, timeout]) : timeout;
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      const late = timeout.aborted && signal?.aborted !== true;
      reject(late ? new Error(`no answer within ${requestTimeoutMs / 1000} s`) : error);
    };
    const outgoing = builtins.https.request(url, { method, agent, signal: both, headers: Object.fromEntries(headers) });
    outgoing.on('error', fail);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('error', fail);
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxAnswerBytes) response.destroy(new Error(`the answer is larger than ${maxAnswerBytes} bytes`));
        chunks.push(chunk);
      });
      response.on('end', () => {
        const flat = Object.entries(response.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]);
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(flat) as Record<string, string>,
          body: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    outgoing.end(body);
  });
}

/** `Retry-After` as seconds or as a date (RFC 9110); what says nothing of use is left out. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = /[A-Za-z]/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
