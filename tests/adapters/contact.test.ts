// HTTP through a contact, against real servers on loopback.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createContact } from '../../src/adapters/contact.ts';
import type { HttpRequest } from '../../src/core/module.ts';
import { VezaError } from '../../src/lib/errors.ts';
import uri from '../../src/modules/uri.ts';
import waitFor from '../../src/modules/wait_for.ts';
import { portOf } from '../support/ports.ts';

const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

function dial(host: string, port: number, options: { readonly timeoutMs: number }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.setTimeout(options.timeoutMs, () => socket.destroy(new Error('timed out')));
    socket.once('connect', () => {
      socket.setTimeout(0);
      resolve(socket);
    });
    socket.once('error', (error) => reject(new VezaError('connect-failed', error.message)));
  });
}

/** How many waits are not over. */
let waiting = 0;

function aContact(signal = new AbortController().signal) {
  return createContact({
    dial,
    look: ({ text }) => {
      try {
        const stdout = execFileSync('sh', ['-c', text], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
        return Promise.resolve({ exitCode: 0, stdout, stderr: '' });
      } catch {
        return Promise.resolve({ exitCode: 1, stdout: '', stderr: '' });
      }
    },
    clock: { now: () => Date.now(), sleep },
    signal,
  });
}

async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  waiting += 1;
  try {
    await delay(milliseconds, undefined, signal ? { signal } : {});
  } finally {
    waiting -= 1;
  }
}

async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
  return portOf(server);
}

const tcp = (listener: (socket: Socket) => void) =>
  createTcpServer((socket) => {
    socket.on('error', () => undefined);
    listener(socket);
  });

const serve = (listener: RequestListener): Promise<number> => listening(createServer(listener));

const get = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  url,
  method: 'GET',
  headers: {},
  timeoutMs: 2000,
  maxBodyBytes: 1000,
  verifyCertificates: true,
  ...more,
});

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => (error instanceof VezaError ? error.code : error),
  );

describe('request', () => {
  it('sends method, header fields and body, and reads status, header fields and body', async () => {
    const port = await serve((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        outgoing.writeHead(201, 'Made', [
          ['X-Two', 'a'],
          ['X-Two', 'b'],
        ] as never);
        outgoing.end(
          `${incoming.method ?? ''} ${incoming.url ?? ''} ${String(incoming.headers['x-one'])} ${Buffer.concat(chunks).toString()}`,
        );
      });
    });
    const body = new TextEncoder().encode('hello');
    const answer = await aContact().request(
      get(`http://127.0.0.1:${port}/a?b=c`, { method: 'POST', headers: { 'X-One': '1' }, body }),
    );
    expect(answer).toMatchObject({ status: 201, reason: 'Made' });
    expect(answer.headers['x-two']).toBe('a, b');
    expect(new TextDecoder().decode(answer.body)).toBe('POST /a?b=c 1 hello');
  });

  it('rejects with connect-failed where nobody listens', async () => {
    const server = createServer();
    const port = await listening(server);
    server.close();
    expect(await failure(aContact().request(get(`http://127.0.0.1:${port}/`)))).toBe('connect-failed');
  });

  it('rejects with timeout when the answer does not come, or does not end', async () => {
    const silent = await serve(() => undefined);
    expect(await failure(aContact().request(get(`http://127.0.0.1:${silent}/`, { timeoutMs: 60 })))).toBe('timeout');
    const endless = await serve((_incoming, outgoing) => void outgoing.write('x'));
    expect(await failure(aContact().request(get(`http://127.0.0.1:${endless}/`, { timeoutMs: 60 })))).toBe('timeout');
  });

  it('rejects with invalid-response for what is not HTTP, a cut body and a body beyond the limit', async () => {
    const noise = await listening(tcp((socket) => socket.end('SSH-2.0-x\r\n')));
    expect(await failure(aContact().request(get(`http://127.0.0.1:${noise}/`)))).toBe('invalid-response');
    const cut = await listening(
      createTcpServer((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc')),
    );
    expect(await failure(aContact().request(get(`http://127.0.0.1:${cut}/`)))).toBe('invalid-response');
    const large = await serve((_incoming, outgoing) => outgoing.end('x'.repeat(2000)));
    expect(await failure(aContact().request(get(`http://127.0.0.1:${large}/`)))).toBe('invalid-response');
  });

  it('rejects with cancelled when the run is', async () => {
    const port = await serve(() => undefined);
    const controller = new AbortController();
    const asked = failure(aContact(controller.signal).request(get(`http://127.0.0.1:${port}/`)));
    setTimeout(() => controller.abort(), 30);
    expect(await asked).toBe('cancelled');
  });

  it('speaks TLS, and refuses a certificate that does not verify unless told otherwise', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vz-tls-'));
    closing.push(() => rmSync(folder, { recursive: true }));
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-keyout',
        key,
        '-out',
        cert,
        '-days',
        '1',
        '-subj',
        '/CN=localhost',
      ],
      { stdio: 'ignore' },
    );
    const port = await listening(
      createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_incoming, outgoing) =>
        outgoing.end('secret'),
      ),
    );
    const url = `https://127.0.0.1:${port}/`;
    expect(await failure(aContact().request(get(url)))).toBe('connect-failed');
    const answer = await aContact().request(get(url, { verifyCertificates: false }));
    expect(new TextDecoder().decode(answer.body)).toBe('secret');
  });
});

describe('uri', () => {
  it('registers status, JSON and header fields', async () => {
    const port = await serve((_incoming, outgoing) => {
      outgoing.writeHead(200, { 'Content-Type': 'application/json', 'X-Served-By': 'me' });
      outgoing.end('{"ok":true}');
    });
    const { result, failed } = await uri.contact(
      { url: `http://127.0.0.1:${port}/`, return_content: true },
      aContact(),
    );
    expect(failed).toBeUndefined();
    expect(result).toMatchObject({
      status: 200,
      json: { ok: true },
      content: '{"ok":true}',
      x_served_by: 'me',
      redirected: false,
    });
  });

  it('fails on another status, with the body, and on no connection with status -1', async () => {
    const port = await serve((_incoming, outgoing) => outgoing.writeHead(503).end('busy'));
    const busy = await uri.contact({ url: `http://127.0.0.1:${port}/` }, aContact());
    expect(busy.failed).toBe('Status code was 503 and not [200]: HTTP Error 503: Service Unavailable');
    expect(busy.result).toMatchObject({ status: 503, content: 'busy' });
    expect(
      await uri.contact({ url: `http://127.0.0.1:${port}/`, status_code: [200, 503] }, aContact()),
    ).not.toHaveProperty('failed');
    closing.splice(0).forEach((close) => close());
    expect((await uri.contact({ url: `http://127.0.0.1:${port}/` }, aContact())).result).toMatchObject({ status: -1 });
  });

  it('follows redirects of GET without handing credentials to another server', async () => {
    const seen: (string | undefined)[] = [];
    const second = await serve((incoming, outgoing) => {
      seen.push(incoming.headers.authorization);
      outgoing.end('there');
    });
    const first = await serve((incoming, outgoing) => {
      seen.push(incoming.headers.authorization);
      outgoing.writeHead(302, { Location: `http://127.0.0.1:${second}/x` }).end();
    });
    const args = { url: `http://127.0.0.1:${first}/`, url_username: 'u', url_password: 'p' };
    const { result } = await uri.contact(args, aContact());
    expect(result).toMatchObject({ status: 200, redirected: true, url: `http://127.0.0.1:${second}/x` });
    expect(seen).toEqual(['Basic dTpw', undefined]);
    const post = await uri.contact({ ...args, method: 'POST', status_code: 302 }, aContact());
    expect(post.result).toMatchObject({ status: 302 });
  });

  it('encodes JSON and forms', async () => {
    const port = await serve((incoming, outgoing) => {
      outgoing.setHeader('X-Type', incoming.headers['content-type'] ?? '');
      incoming.pipe(outgoing);
    });
    const url = `http://127.0.0.1:${port}/`;
    const json = await uri.contact(
      { url, method: 'POST', body: { a: [1] }, body_format: 'json', return_content: true },
      aContact(),
    );
    expect(json.result).toMatchObject({ content: '{"a":[1]}', x_type: 'application/json' });
    const form = await uri.contact(
      { url, method: 'POST', body: { a: 'x y', b: [1, 2] }, body_format: 'form-urlencoded', return_content: true },
      aContact(),
    );
    expect(form.result.content).toBe('a=x+y&b=1&b=2');
  });
});

describe('wait_for', () => {
  it('waits for a port to open, to say something, and to close', async () => {
    const server = tcp((socket) => socket.end('220 ready v7\r\n'));
    const port = await listening(server);
    expect(await waitFor.contact({ port }, aContact())).not.toHaveProperty('failed');
    const said = await waitFor.contact({ port, search_regex: 'ready (v\\d)' }, aContact());
    expect(said.result).toMatchObject({ match_groups: ['v7'], port, state: 'started' });
    await delay(0);
    expect(waiting).toBe(0);
    setTimeout(() => server.close(), 50);
    expect(await waitFor.contact({ port, state: 'stopped', sleep: 0.02, timeout: 5 }, aContact())).not.toHaveProperty(
      'failed',
    );
    const closed = await waitFor.contact({ port, timeout: 0.1, sleep: 0.02 }, aContact());
    expect(closed.failed).toBe(`Timeout when waiting for 127.0.0.1:${port}`);
  });

  it('waits until no connection is active', async () => {
    const held: Socket[] = [];
    const port = await listening(tcp((socket) => void held.push(socket)));
    const client = await dial('127.0.0.1', port, { timeoutMs: 1000 });
    const args = { port, state: 'drained', active_connection_states: ['ESTABLISHED'], sleep: 0.02 } as const;
    expect((await waitFor.contact({ ...args, timeout: 0.1 }, aContact())).failed).toContain('to drain');
    client.destroy();
    held.forEach((socket) => socket.destroy());
    expect(await waitFor.contact({ ...args, timeout: 5 }, aContact())).not.toHaveProperty('failed');
  });

  it('waits for a path, a text in it, and its absence', async () => {
    const folder = mkdtempSync(join(tmpdir(), "vz-it's "));
    expect(await waitFor.contact({ path: folder }, aContact())).not.toHaveProperty('failed');
    expect(await waitFor.contact({ path: `${folder}/no`, state: 'absent' }, aContact())).not.toHaveProperty('failed');
    const path = '/etc/passwd';
    const found = await waitFor.contact({ path, search_regex: '^root:(?<mark>.)' }, aContact());
    expect(found.result.match_groupdict).toEqual({ mark: 'x' });
    rmSync(folder, { recursive: true });
    expect(
      (await waitFor.contact({ path: folder, timeout: 0.05, sleep: 0.01, msg: 'too late' }, aContact())).failed,
    ).toBe('too late');
  });
});
