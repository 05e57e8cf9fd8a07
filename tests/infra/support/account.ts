// Fakes of all services and clients of them, with a clock that runs a hundred times faster.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Unknown } from '../../../src/core/unknown.ts';
import { ClouDns } from '../../../src/infra/cloudns/client.ts';
import { usualTtls } from '../../../src/infra/cloudns/records.ts';
import type { Infra } from '../../../src/infra/config/model.ts';
import { readInfra } from '../../../src/infra/config/read.ts';
import { converge, type CloudResult } from '../../../src/infra/converge.ts';
import { balancerResources } from '../../../src/infra/desired/balancer-from-infra.ts';
import { dnsResources } from '../../../src/infra/desired/dns-from-infra.ts';
import { startFakeClouDns, type FakeClouDnsOptions } from '../../../src/infra/fakes/cloudns.ts';
import { startFakeHcloud, type FakeHcloudOptions } from '../../../src/infra/fakes/hcloud.ts';
import { HetznerCloud } from '../../../src/infra/hetzner-cloud/client.ts';
import type { ApiClock } from '../../../src/infra/http/client.ts';
import { createRedactor } from '../../../src/lib/redact.ts';

export const fixture = readFileSync(join(import.meta.dirname, '../fixture.yml'), 'utf8');
export const token = 'token-of-the-test';
export const password = 'password-of-the-test';

/** Sleeps a hundredth of what is asked; remembers what that was. */
export function fastClock(): ApiClock & { readonly slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => Date.now(),
    sleep: async (milliseconds, signal) => {
      slept.push(milliseconds);
      signal?.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, milliseconds / 100));
    },
    random: () => 0.5,
  };
}

/** Leaps over all that is asked: for services that keep no time of their own. */
export function leapingClock(): ApiClock & { readonly slept: number[] } {
  const slept: number[] = [];
  let leaptMs = 0;
  return {
    slept,
    now: () => Date.now() + leaptMs,
    sleep: (milliseconds, signal) => {
      slept.push(milliseconds);
      leaptMs += milliseconds;
      return signal?.aborted === true ? Promise.reject(signal.reason as Error) : Promise.resolve();
    },
    random: () => 0.5,
  };
}

export async function openAccount(
  options: Partial<FakeHcloudOptions & FakeClouDnsOptions> = {},
  clock: ApiClock & { readonly slept: number[] } = fastClock(),
) {
  const hcloud = await startFakeHcloud({
    tokens: { [token]: 'read-write' },
    servers: [
      { name: 'noc', ip: '203.0.113.10' },
      { name: 'build', ip: '203.0.113.11' },
    ],
    robotAddresses: ['192.0.2.21', '192.0.2.22'],
    ...options,
  });
  const cloudns = await startFakeClouDns({
    authId: '7',
    password,
    zones: ['example.com'],
    requestsPerSecond: 1000,
    ...options,
  });
  const redactor = createRedactor();
  const policy = { timeoutMs: 2000 };
  const cloud = new HetznerCloud({ token, clock, redactor, baseUrl: hcloud.url, policy });
  const auth = { id: '7', password };
  const dns = new ClouDns({ auth, clock, redactor, baseUrl: cloudns.url, requestsPerSecond: 1000, policy });
  const close = async () => {
    await Promise.all([hcloud.close(), cloudns.close()]);
  };
  return { hcloud, cloudns, cloud, dns, clock, redactor, [Symbol.asyncDispose]: close };
}

export type TestAccount = Awaited<ReturnType<typeof openAccount>>;

export function infraOf(text: string): Infra {
  const { infra, diagnostics } = readInfra(text, 'infra.yaml');
  if (!infra) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return infra;
}

export interface SetUp {
  readonly dryRun?: boolean;
  readonly text?: string;
  readonly adopt?: boolean;
  readonly allowDestroy?: boolean;
}

/** What `prod setup` does in its steps lb and dns. */
export async function setUp(account: TestAccount, given: SetUp = {}): Promise<readonly CloudResult[]> {
  const { cloud, dns, clock } = account;
  const infra = infraOf(given.text ?? fixture);
  const adopt = given.adopt ?? false;
  const resources = [
    ...(await balancerResources(infra, cloud, { adopt })),
    ...(await dnsResources(infra, dns, { adopt, allowedTtls: usualTtls })),
  ];
  return converge(resources, {
    dryRun: given.dryRun ?? false,
    allowDestroy: given.allowDestroy ?? false,
    concurrency: 8,
    outputs: new Map<string, string | Unknown>(),
    clock,
    onResult: () => undefined,
  });
}

/** The requests that changed something, in one order. */
export function changesIn({ hcloud, cloudns }: TestAccount): readonly string[] {
  const reads = /records\.json|list-zones|get-available/;
  return [
    ...hcloud.log.filter(({ method }) => method !== 'GET').map(({ method, path, text }) => `${method} ${path} ${text}`),
    ...cloudns.log
      .filter(({ path }) => !reads.test(path))
      .map(({ method, path, text }) => `${method} ${path} ${withoutPassword(text)}`),
  ].toSorted();
}

function withoutPassword(text: string): string {
  const form = new URLSearchParams(text);
  form.delete('auth-id');
  form.delete('auth-password');
  return form.toString();
}

export function statusesOf(results: readonly CloudResult[]): Record<string, string> {
  return Object.fromEntries(results.map(({ key, status }) => [key, status]));
}
