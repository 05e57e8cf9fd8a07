// Answers that pebble never gives: rate limits, failures of the authority, and nonsense. A server of our own gives them.
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpTokens } from '../../src/acme/http-tokens.ts';
import { LocalAuthority } from '../../src/acme/local-authority.ts';
import { AcmeManager } from '../../src/acme/manager.ts';
import type { AcmeEvent } from '../../src/acme/model.ts';
import { portOf } from '../support/ports.ts';

type Answer = { readonly status: number; readonly body: unknown; readonly headers?: Record<string, string> };

let folder = '';
let open = new AsyncDisposableStack();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veza-acme-'));
});
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
  await rm(folder, { recursive: true });
});

/** An authority whose answers to new orders are these, the last one again and again. */
async function startAuthority(orders: readonly Answer[]) {
  const authority = new LocalAuthority({ folder: join(folder, 'tls'), clock: Date });
  const { certificate: cert, privateKey: key } = await authority.ensure('authority', ['localhost']);
  const asked: string[] = [];
  const server = createServer({ cert, key }, (request: IncomingMessage, response: ServerResponse) => {
    const url = request.url ?? '';
    asked.push(`${request.method} ${url}`);
    const base = `https://localhost:${portOf(server)}`;
    const count = asked.filter((one) => one === 'POST /order').length;
    const directory = { newNonce: `${base}/nonce`, newAccount: `${base}/account`, newOrder: `${base}/order` };
    const answers: Readonly<Record<string, Answer | undefined>> = {
      '/dir': { status: 200, body: directory },
      '/nonce': { status: 200, body: '' },
      '/account': { status: 201, body: { status: 'valid' }, headers: { location: `${base}/account/1` } },
      '/order': orders[Math.min(count, orders.length) - 1],
    };
    const { status, body, headers } = answers[url] ?? { status: 404, body: 'nothing' };
    request.resume();
    response.writeHead(status, {
      'replay-nonce': `nonce-${asked.length}`,
      'content-type': 'application/json',
      ...headers,
    });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const slept: number[] = [];
  const events: AcmeEvent[] = [];
  const clock = {
    now: () => 1_000_000,
    random: () => 0,
    sleep: (milliseconds: number) => {
      slept.push(milliseconds);
      return Promise.resolve();
    },
  };
  const manager = new AcmeManager({
    directory: `https://localhost:${portOf(server)}/dir`,
    folder: join(folder, 'acme'),
    termsAgreed: true,
    allowedDomains: ['app.example.com'],
    http: new HttpTokens(),
    trust: (await authority.certificate()).pem,
    clock,
    onEvent: (event) => events.push(event),
  });
  const error: unknown = await manager
    .ensure({ name: 'app', domains: ['app.example.com'] })
    .catch((reason: unknown) => reason);
  return { error, slept, events, orders: asked.filter((one) => one === 'POST /order').length };
}

function problem(status: number, type: string, detail: string, headers: Record<string, string> = {}): Answer {
  return { status, body: { type: `urn:ietf:params:acme:error:${type}`, detail }, headers };
}

describe('an authority', () => {
  it('that asks to wait long is not asked again before that', async () => {
    const limit = problem(429, 'rateLimited', 'too many certificates', { 'retry-after': '86400' });
    const { error, events, orders, slept } = await startAuthority([limit]);
    expect(error).toMatchObject({
      code: 'acme-rate-limited',
      message: 'cannot get a certificate for app.example.com: too many certificates (rateLimited) (wait 86400 s)',
      retryAfterMs: 86_400_000,
      hint: expect.stringContaining('staging') as string,
    });
    expect([orders, slept]).toEqual([1, []]);
    expect(events.at(-1)).toMatchObject({ kind: 'failed', nextAttemptMs: 1_000_000 + 86_400_000 });
  });

  it('that asks to wait a little gets what it asks for, and is asked again', async () => {
    const limit = problem(429, 'rateLimited', 'slow down', { 'retry-after': '7' });
    const refused = problem(403, 'rejectedIdentifier', 'not that one');
    const { error, orders, slept } = await startAuthority([limit, refused]);
    expect(error).toMatchObject({ code: 'acme-refused', problem: { type: 'rejectedIdentifier' } });
    expect([orders, slept]).toEqual([2, [7000]]);
  });

  it('that fails is asked again a few times, with growing pauses', async () => {
    const { error, orders, slept } = await startAuthority([problem(500, 'serverInternal', 'a fault')]);
    expect(error).toMatchObject({ code: 'acme-unreachable', problem: { status: 500, type: 'serverInternal' } });
    expect([orders, slept]).toEqual([5, [250, 500, 1000, 2000]]);
  });

  it('that refuses several names says what is wrong with each', async () => {
    const parts = ['caa', 'dns'].map((type) => ({
      type: `urn:ietf:params:acme:error:${type}`,
      detail: `${type} is wrong`,
      identifier: { type: 'dns', value: `${type}.example.com` },
    }));
    const body = { type: 'urn:ietf:params:acme:error:compound', detail: 'several', subproblems: parts };
    const { error } = await startAuthority([{ status: 403, body }]);
    expect((error as Error).message).toContain(
      'several (compound); caa.example.com: caa is wrong (caa); dns.example.com: dns is wrong (dns)',
    );
  });

  it.each([
    ['a page in the place of an answer', { status: 201, body: '<html>hello</html>' }],
    ['an order without a place', { status: 201, body: { status: 'pending' } }],
    ['an error without a document', { status: 418, body: 'teapot' }],
  ])('that answers with %s is told apart from one that is right', async (_what, answer) => {
    const { error, orders } = await startAuthority([answer]);
    expect(error).toMatchObject({ code: expect.stringMatching(/^acme-(?:bad-answer|refused)$/) as string });
    expect(orders).toBe(1);
  });
});
