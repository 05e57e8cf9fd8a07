// What can go wrong between us and the services: each time the true reason, an exit code of its own, and no secret anywhere.
import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/infra/fakes/server.ts';
import { freePort } from '../../support/ports.ts';
import { fixture } from '../../infra/support/account.ts';
import { changesOf, openProd, type ProdAccount } from './support.ts';

const wrong = 'another-secret-of-the-test';

interface Case {
  readonly name: string;
  readonly words: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly arrange?: (at: ProdAccount) => void;
  readonly exitCode: number;
  readonly says: readonly string[];
}

const always = (how: Failure['how']): Failure => ({ matches: () => true, times: 100, how });

const cases: readonly Case[] = [
  {
    name: 'ClouDNS: a wrong password, told in an HTTP 200',
    words: 'dns list',
    environment: { CLOUDNS_AUTH_PASSWORD: wrong },
    exitCode: 3,
    says: ['Invalid authentication, incorrect auth-id or auth-password.', 'CLOUDNS_AUTH_PASSWORD', 'api-unauthorized'],
  },
  {
    name: 'ClouDNS: another failure in an HTTP 200',
    words: 'dns set www A 192.0.2.9',
    arrange: ({ cloudns }) => {
      const body = { status: 'Failed', statusDescription: 'You have reached the limit of records.' };
      cloudns.fail({ matches: ({ path }) => path.includes('add-record'), times: 1, how: { status: 200, body } });
    },
    exitCode: 3,
    says: ['You have reached the limit of records.'],
  },
  {
    name: 'Hetzner Cloud: a token that was revoked',
    words: 'lb status',
    environment: { HCLOUD_TOKEN: wrong },
    exitCode: 3,
    says: ['HTTP 401: unauthorized: unable to authenticate', 'Check HCLOUD_TOKEN'],
  },
  {
    name: 'Hetzner Cloud: what it says beside the point',
    words: 'lb status',
    arrange: ({ hcloud }) => hcloud.fail(always({ status: 400, body: `<html>${'x'.repeat(1000)}` })),
    exitCode: 3,
    says: ['HTTP 400: <html>xxx', 'xxx...(truncated)'],
  },
  {
    name: 'Robot: a wrong password is tried once',
    words: 'setup --step discover',
    environment: { HETZNER_ROBOT_PASS: wrong },
    exitCode: 3,
    says: ['HTTP 401: UNAUTHORIZED', 'blocks the address for ten minutes'],
  },
  {
    name: 'Robot: its rate limit is a 403',
    words: 'setup --step discover',
    arrange: ({ robot }) => {
      const error = {
        status: 403,
        code: 'RATE_LIMIT_EXCEEDED',
        message: 'rate limit exceeded',
        max_request: 200,
        interval: 3600,
      };
      robot.fail(always({ status: 403, body: { error } }));
    },
    exitCode: 3,
    says: ['RATE_LIMIT_EXCEEDED: rate limit exceeded (200 requests in 3600 s)', 'try again later', 'api-rate-limited'],
  },
  {
    name: 'a service that never answers, and a time limit',
    words: 'lb apply --timeout 0.5',
    arrange: ({ hcloud }) => hcloud.fail(always('hang')),
    exitCode: 124,
    says: ['prod lb apply was not done within 0.5 s', 'Give it more with --timeout SECONDS'],
  },
  {
    name: 'a service that is tired',
    words: 'lb status',
    arrange: ({ hcloud }) => hcloud.fail(always({ status: 503, body: 'maintenance' })),
    exitCode: 3,
    says: ['hcloud API: HTTP 503: maintenance'],
  },
];

describe('prod: failures', () => {
  it.each(cases)('$name', async ({ words, environment, arrange, exitCode, says }) => {
    await using at = await openProd();
    arrange?.(at);
    const result = await at.prod(words, environment);
    expect(result.exitCode).toBe(exitCode);
    for (const part of says) expect(result.stdout + result.stderr).toContain(part);
    expect(at.everythingSaid()).not.toContain('of-the-test');
    expect(at.robot.wrongLogins()).toBeLessThan(2);
  });

  it('a service that is down is unreachable', async () => {
    await using at = await openProd();
    const place = `127.0.0.1:${await freePort()}`;
    const { exitCode, stderr } = await at.prod('lb status', { HCLOUD_ENDPOINT: `http://${place}` });
    expect(exitCode).toBe(4);
    expect(stderr).toContain(`cannot connect to ${place}: connect ECONNREFUSED`);
  });

  it('a token that may only read: the reason at each thing, no change', async () => {
    await using at = await openProd();
    const body = { error: { code: 'token_readonly', message: 'token is only allowed to perform GET requests' } };
    at.hcloud.fail({ matches: ({ method }) => method !== 'GET', times: 100, how: { status: 403, body } });
    const { exitCode, stdout } = await at.prod('setup');
    expect([exitCode, stdout]).toEqual([3, expect.stringContaining('Make one with "Read & Write".')]);
    expect(at.hcloud.state.objects.load_balancers.size).toBe(0);
  });

  it('a 429 with a date is waited for', async () => {
    await using at = await openProd();
    const until = Math.ceil(Date.now() / 1000) * 1000 + 2000;
    const how = {
      status: 429,
      headers: { 'retry-after': new Date(until).toUTCString(), 'ratelimit-reset': '0' },
      body: {},
    };
    at.hcloud.fail({ matches: () => true, times: 1, how });
    const result = await at.prod('lb create --dry-run');
    expect(result.exitCode).toBe(2);
    expect(Date.now()).toBeGreaterThanOrEqual(until);
  });

  it('a connection that breaks after the create: it is not created twice', async () => {
    await using at = await openProd();
    at.hcloud.fail({
      matches: ({ method, path }) => method === 'POST' && path === '/load_balancers',
      times: 1,
      how: 'cut-after',
    });
    expect((await at.prod('lb create')).exitCode).toBe(0);
    expect(at.hcloud.state.objects.load_balancers.size).toBe(1);
    expect(changesOf(at).filter((call) => call.startsWith('POST /load_balancers '))).toHaveLength(1);
  });

  it('Ctrl-C ends it at once, says so, and the next run goes on', async () => {
    await using at = await openProd();
    at.hcloud.fail({ matches: ({ method, path }) => method === 'POST' && path === '/networks', times: 1, how: 'hang' });
    const seen = () => at.hcloud.log.some(({ method, path }) => method === 'POST' && path === '/networks');
    const result = await at.prod('lb apply', {}, (pid) => {
      const timer = setInterval(() => {
        if (!seen()) return;
        clearInterval(timer);
        process.kill(pid, 'SIGINT');
      }, 20);
    });
    expect(result.exitCode).toBe(130);
    expect(result.stdout + result.stderr).toContain('prod lb apply was interrupted');
    expect((await at.prod('lb apply')).exitCode).toBe(0);
  });

  it('mistakes of infra.yaml are told all at once, before any call', async () => {
    await using at = await openProd();
    at.write(
      fixture
        .replace('type: hcloud', 'type: hclod')
        .replace('cidr: 10.0.0.0/16', 'cidr: 10.0.0.0/99')
        .replace('protocol: https', 'protocl: https'),
    );
    const { exitCode, stderr } = await at.prod('setup');
    expect(exitCode).toBe(1);
    for (const part of ['Did you mean "hcloud"?', 'Did you mean "protocol"?']) expect(stderr).toContain(part);
    expect(stderr).toMatch(/infra\.yaml:6:11: error/);
    expect([...at.hcloud.log, ...at.cloudns.log, ...at.robot.log]).toEqual([]);
  });

  it('says where it looked for infra.yaml', async () => {
    await using at = await openProd();
    const { exitCode, stderr } = await at.prod('status --config nowhere.yaml');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('nowhere.yaml')]);
  });
});
