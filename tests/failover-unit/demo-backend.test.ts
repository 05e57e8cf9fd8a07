// The demo backend as a real process, asked by clients that are not ours.
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { DemoBackend, temporaryDirectory } from './support.ts';

const urlOf = ({ address }: DemoBackend, path: string): string => `http://${address.host}:${address.port}${path}`;

async function post(backend: DemoBackend, id: string, headers: Record<string, string> = {}): Promise<unknown> {
  const init = { method: 'POST', headers: { 'X-Request-Id': id, ...headers }, body: 'x' };
  return (await fetch(urlOf(backend, '/api/orders'), init)).json();
}

async function executions(backend: DemoBackend, prefix = ''): Promise<unknown> {
  const answer = await fetch(urlOf(backend, `/__demo/executions?prefix=${prefix}`));
  return ((await answer.json()) as { executions: unknown }).executions;
}

describe('demo backend', () => {
  let backend: DemoBackend;
  beforeAll(async () => {
    backend = await DemoBackend.start('demo-1');
  });
  afterAll(() => backend[Symbol.asyncDispose]());

  it('says that it is healthy, and its name', async () => {
    const answer = await fetch(urlOf(backend, '/api/v1/health'));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-demo-backend')).toBe('demo-1');
    expect(await answer.json()).toEqual({ status: 'ok', name: 'demo-1' });
  });

  it('echoes what it received', async () => {
    const body = 'a'.repeat(100_000);
    const answer = await fetch(urlOf(backend, '/api/echo?q=1'), { method: 'PUT', headers: { 'X-Probe': 'yes' }, body });
    expect(await answer.json()).toMatchObject({
      name: 'demo-1',
      method: 'PUT',
      path: '/api/echo?q=1',
      headers: { 'x-probe': 'yes' },
      bodySize: 100_000,
      bodySha256: createHash('sha256').update(body).digest('hex'),
    });
  });

  it('waits as long as it is told', async () => {
    const before = performance.now();
    await (await fetch(urlOf(backend, '/api/slow?ms=120'))).text();
    expect(performance.now() - before).toBeGreaterThanOrEqual(115);
  });

  it('serves the same segment everywhere', async () => {
    const data = await (await fetch(urlOf(backend, '/stream/track-1/segment-2.ts'))).text();
    expect(data).toHaveLength(16 * 1024);
    expect(data.startsWith('/stream/track-1/segment-2.ts\n/stream')).toBe(true);
  });

  it('refuses a body that is too large, and a path that it does not have', async () => {
    const large = await fetch(urlOf(backend, '/api/x'), { method: 'PUT', body: Buffer.alloc(17 * 1024 * 1024) }).catch(
      () => null,
    );
    // The client may still be sending when the answer comes; then it sees only the close.
    if (large) expect(large.status).toBe(413);
    expect((await fetch(urlOf(backend, '/elsewhere'))).status).toBe(404);
  });

  it('counts a POST as often as it arrives, with a key once', async () => {
    await post(backend, 'count-a');
    await post(backend, 'count-a');
    expect(await post(backend, 'count-b', { 'Idempotency-Key': 'k' })).toMatchObject({
      execution: { repeated: false },
    });
    expect(await post(backend, 'count-c', { 'Idempotency-Key': 'k' })).toMatchObject({ execution: { repeated: true } });
    expect(await executions(backend, 'count-')).toEqual([
      { id: 'count-a', count: 2, key: null },
      { id: 'count-b', count: 1, key: 'k' },
    ]);
  });
});

describe('the executions of a demo backend', () => {
  it('survive a crash, and half a line of it', async () => {
    await using state = await temporaryDirectory();
    await using backend = await DemoBackend.start('demo-1', { STATE_DIRECTORY: state.path });
    await post(backend, 'one');
    await post(backend, 'two', { 'Idempotency-Key': 'key' });
    await backend.end('SIGKILL');
    await appendFile(join(state.path, 'executions.log'), '["thr');
    await backend.start();
    await post(backend, 'four');
    await backend.end('SIGKILL');
    await backend.start();
    expect(await executions(backend)).toEqual([
      { id: 'one', count: 1, key: null },
      { id: 'two', count: 1, key: 'key' },
      { id: 'four', count: 1, key: null },
    ]);
    expect(await post(backend, 'five', { 'Idempotency-Key': 'key' })).toMatchObject({ execution: { repeated: true } });
  });

  it('include those whose answer never came', async () => {
    await using state = await temporaryDirectory();
    await using backend = await DemoBackend.start('demo-1', { STATE_DIRECTORY: state.path });
    const lost = fetch(urlOf(backend, '/api/slow?ms=10000'), { method: 'POST', headers: { 'X-Request-Id': 'lost' } });
    const outcome = expect(lost).rejects.toThrow();
    await sleep(150);
    await backend.end('SIGKILL');
    await outcome;
    await backend.start();
    expect(await executions(backend)).toEqual([{ id: 'lost', count: 1, key: null }]);
  });
});

describe('a graceful stop of the demo backend', () => {
  it('ends what is under way, announces the close on kept connections, takes no new ones, and exits with 0', async () => {
    await using backend = await DemoBackend.start('demo-1', { LINGER_MS: '5000' });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const get = async (path: string): Promise<IncomingMessage> => {
      const request = httpRequest(urlOf(backend, path), { agent }).end();
      const [answer] = (await once(request, 'response')) as [IncomingMessage];
      answer.resume();
      await once(answer, 'end');
      return answer;
    };
    await get('/api/v1/health');
    const slow = fetch(urlOf(backend, '/api/slow?ms=400'));
    await sleep(100);
    backend.signal('SIGTERM');
    await sleep(100);
    await expect(fetch(urlOf(backend, '/api/v1/health'))).rejects.toThrow();
    const kept = await get('/api/items/1');
    expect(kept.statusCode).toBe(200);
    expect(kept.headers.connection).toBe('close');
    const answer = await slow;
    expect(answer.status).toBe(200);
    expect(answer.headers.get('connection')).toBe('close');
    expect(await backend.end('SIGCONT')).toBe(0);
  });

  it('closes idle connections after a while, and WebSockets with 1001', async () => {
    await using backend = await DemoBackend.start('demo-1', { LINGER_MS: '100' });
    const idle = connect(backend.address.port, backend.address.host).resume();
    idle.write('GET /api/v1/health HTTP/1.1\r\nHost: demo\r\n\r\n');
    const socket = new WebSocket(urlOf(backend, '/ws').replace('http', 'ws'));
    await once(socket, 'open');
    const closed = once(socket, 'close');
    expect(await backend.end('SIGTERM')).toBe(0);
    expect((await closed)[0]).toBe(1001);
    idle.destroy();
  });
});
