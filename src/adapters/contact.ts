// The network as a host sees it: HTTP spoken by Node over connections that the host opens.
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { isIP } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';
import type { Contact, DuplexStream, HttpRequest, HttpResponse } from '../core/module.ts';
import { messageOf, VezaError } from '../lib/errors.ts';
import type { Script } from '../lib/shell.ts';

export interface ContactPorts {
  dial(
    host: string,
    port: number,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<DuplexStream>;
  look(script: Script): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }>;
  readonly clock: { now(): number; sleep(milliseconds: number, signal?: AbortSignal): Promise<void> };
  readonly signal: AbortSignal;
}

/** What contact modules are handed: dialling and waiting end with `signal`. */
export function createContact(ports: ContactPorts): Contact {
  const { signal, clock } = ports;
  return {
    signal,
    now: () => clock.now(),
    sleep: (milliseconds, own) => clock.sleep(milliseconds, own ? AbortSignal.any([signal, own]) : signal),
    look: (script) => ports.look(script),
    dial: (host, port, options) => ports.dial(host, port, { ...options, signal }),
    request: (options) => request(ports, options),
  };
}

async function request(ports: ContactPorts, options: HttpRequest): Promise<HttpResponse> {
  const url = new URL(options.url);
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new VezaError('timeout', `no complete answer from ${url.host} within ${options.timeoutMs} ms`));
  }, options.timeoutMs);
  const cancel = (): void => controller.abort(new VezaError('cancelled', 'the run was cancelled'));
  if (ports.signal.aborted) cancel();
  ports.signal.addEventListener('abort', cancel);
  let stream: Duplex | undefined;
  try {
    stream = await open(ports, url, options, controller.signal);
    return await exchange(stream, url, options, controller.signal);
  } catch (error) {
    if (controller.signal.aborted) throw reasonOf(controller.signal);
    throw error;
  } finally {
    clearTimeout(timer);
    ports.signal.removeEventListener('abort', cancel);
    stream?.destroy();
  }
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new VezaError('cancelled', 'the run was cancelled');
}

async function open(ports: ContactPorts, url: URL, options: HttpRequest, signal: AbortSignal): Promise<Duplex> {
  signal.throwIfAborted();
  const isTls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  const dialled = await ports.dial(host, port, { timeoutMs: options.timeoutMs, signal });
  if (!(dialled instanceof Duplex)) throw new VezaError('internal', 'the session dialled something that is no stream');
  return isTls ? await secure(dialled, host, options.verifyCertificates, signal) : dialled;
}

function secure(raw: Duplex, host: string, verify: boolean, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    // Names only in SNI; for an address the certificate is checked against the address itself.
    const name = isIP(host) === 0 ? { servername: host } : { host };
    const socket = tlsConnect({ socket: raw, rejectUnauthorized: verify, ...name });
    const stop = (): void => {
      socket.destroy();
      raw.destroy();
      reject(reasonOf(signal));
    };
    signal.addEventListener('abort', stop, { once: true });
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', stop);
      resolve(socket);
    });
    socket.once('error', (error: Error) => {
      signal.removeEventListener('abort', stop);
      raw.destroy();
      const hint = verify
        ? 'validate_certs: false accepts any certificate.'
        : 'Does the server speak TLS on this port?';
      reject(new VezaError('connect-failed', `TLS with ${host} failed: ${error.message}`, { cause: error, hint }));
    });
  });
}

function exchange(stream: Duplex, url: URL, options: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => reject(invalid(url, error));
    // The answer can fail after the request is done with; then nobody else listens to the stream.
    stream.on('error', fail);
    const outgoing = httpRequest(settingsOf(stream, url, options, signal));
    outgoing.on('error', fail);
    outgoing.on('upgrade', (response) => resolve(responseOf(response, new Uint8Array())));
    outgoing.on('response', (response) => {
      collect(response, options.maxBodyBytes).then((body) => resolve(responseOf(response, body)), fail);
    });
    outgoing.end(options.body);
  });
}

function settingsOf(stream: Duplex, url: URL, options: HttpRequest, signal: AbortSignal): RequestOptions {
  const has = (name: string): boolean => Object.keys(options.headers).some((key) => key.toLowerCase() === name);
  const bodied = options.body !== undefined || ['POST', 'PUT', 'PATCH'].includes(options.method);
  return {
    createConnection: () => stream,
    method: options.method,
    path: `${url.pathname}${url.search}`,
    headers: {
      ...(!has('host') && { Host: url.host }),
      ...(!has('connection') && { Connection: 'close' }),
      ...(bodied && !has('content-length') && { 'Content-Length': options.body?.length ?? 0 }),
      ...options.headers,
    },
    setHost: false,
    signal,
  };
}

async function collect(response: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new Error(`its body is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function invalid(url: URL, error: unknown): VezaError {
  if (error instanceof VezaError) return error;
  return new VezaError('invalid-response', `${url.host} did not answer properly: ${messageOf(error)}`, {
    cause: error,
  });
}

function responseOf(response: IncomingMessage, body: Uint8Array): HttpResponse {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < response.rawHeaders.length; index += 2) {
    const name = (response.rawHeaders[index] ?? '').toLowerCase();
    const value = response.rawHeaders[index + 1] ?? '';
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return { status: response.statusCode ?? 0, reason: response.statusMessage ?? '', headers, body };
}
