// What the manager does where there is no authority to be reached: patience, on a clock that runs by sleeping.
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpTokens } from '../../src/acme/http-tokens.ts';
import { LocalAuthority } from '../../src/acme/local-authority.ts';
import { takeLock } from '../../src/acme/lock.ts';
import { AcmeManager } from '../../src/acme/manager.ts';
import type { AcmeClock, AcmeEvent, AcmeOptions } from '../../src/acme/model.ts';
import { authorityFolder } from '../../src/acme/session.ts';
import { CertificateStore } from '../../src/acme/store.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veza-acme-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Port 1 refuses connections at once. */
const directory = 'https://127.0.0.1:1/dir';
const wanted = { name: 'app', domains: ['app.example.com'] };

function managerOf(clock: AcmeClock, more: Partial<AcmeOptions> = {}) {
  const events: AcmeEvent[] = [];
  const options: AcmeOptions = {
    directory,
    folder,
    termsAgreed: true,
    allowedDomains: ['app.example.com'],
    http: new HttpTokens(),
    clock,
    onEvent: (event) => events.push(event),
    ...more,
  };
  return { manager: new AcmeManager(options), events, options };
}

function sleepingClock(): AcmeClock & { nowMs: number } {
  const clock = {
    nowMs: 1_000_000,
    now: () => clock.nowMs,
    sleep: (milliseconds: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      clock.nowMs += milliseconds;
      return Promise.resolve();
    },
    random: () => 0,
  };
  return clock;
}

async function failuresOf(times: number, clock: AcmeClock): Promise<readonly number[]> {
  const stop = new AbortController();
  const minutes: number[] = [];
  const { manager } = managerOf(clock, {
    onEvent: (event) => {
      if (event.kind === 'ordering') minutes.push(Math.round(clock.now() / 60_000));
      if (event.kind === 'failed' && minutes.length === times) stop.abort();
    },
  });
  await manager.keep([wanted], stop.signal);
  return minutes;
}

describe('a manager whose authority cannot be reached', () => {
  it('tries again after 5, 10, 20 and 40 minutes, also over restarts', async () => {
    const clock = sleepingClock();
    const minutes = [...(await failuresOf(3, clock)), ...(await failuresOf(2, clock))];
    expect(minutes.slice(1).map((minute, index) => minute - (minutes[index] ?? 0))).toEqual([5, 10, 20, 40]);
  });

  it('says whom it cannot reach, and keeps what there is', async () => {
    const clock = sleepingClock();
    const { manager, options, events } = managerOf(clock);
    const authority = new LocalAuthority({ folder: join(folder, 'local'), clock });
    const { certificate, privateKey } = await authority.ensure('x', ['app.localhost']);
    await new CertificateStore(authorityFolder(options)).write('app', certificate, privateKey);
    await expect(manager.ensure(wanted)).rejects.toMatchObject({
      code: 'acme-unreachable',
      message: expect.stringContaining('cannot reach 127.0.0.1:1: connect ECONNREFUSED') as string,
    });
    expect((await manager.current('app'))?.certificate).toBe(certificate);
    expect(events.at(-1)).toMatchObject({ kind: 'failed', kept: { certificate } });
  });

  it('asks nobody for a domain that is not allowed, for nothing, or without consent', async () => {
    const clock = sleepingClock();
    const { manager } = managerOf(clock);
    await expect(manager.ensure({ name: 'x', domains: ['other.example.com'] })).rejects.toMatchObject({
      code: 'acme-domain-not-allowed',
      hint: 'Allowed are app.example.com.',
    });
    await expect(manager.ensure({ name: 'x', domains: [] })).rejects.toMatchObject({ code: 'acme-wrong-options' });
    const shy = managerOf(clock, { termsAgreed: false }).manager;
    await expect(shy.ensure(wanted)).rejects.toMatchObject({ code: 'acme-terms-not-agreed' });
    const wild = managerOf(clock, { allowedDomains: ['*.example.com'] }).manager;
    await expect(wild.ensure({ name: 'x', domains: ['*.example.com'] })).rejects.toMatchObject({
      code: 'acme-challenge-unavailable',
    });
    expect(await readdir(folder, { recursive: true })).not.toContain('account');
  });

  it.each(['http://example.com/dir', 'prod', ''])('refuses the directory "%s"', (wrong) => {
    expect(() => managerOf(sleepingClock(), { directory: wrong })).toThrow(/no directory of an ACME authority/);
  });
});

describe('a lock', () => {
  it('of a process that is gone is taken over, and one of a process at work is waited for', async () => {
    const path = join(folder, 'lock');
    const gone = spawnSync(process.execPath, ['--version']).pid;
    await writeFile(path, String(gone));
    const order: string[] = [];
    const clock = {
      sleep: async () => {
        order.push('waits');
        if (order.length === 2) await first[Symbol.asyncDispose]();
      },
    };
    const first = await takeLock(path, clock);
    expect(await readFile(path, 'utf8')).toBe(String(process.pid));
    const second = await takeLock(path, clock);
    expect(order).toEqual(['waits', 'waits']);
    await second[Symbol.asyncDispose]();
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('certificates on disk', () => {
  it.each(['../up', 'a/b', '', '.hidden', 'a..b'])('are not filed under "%s"', async (name) => {
    const store = new CertificateStore(folder);
    await expect(store.write(name, '', '')).rejects.toMatchObject({ code: 'acme-wrong-options' });
  });

  it('are two versions at most, and the last one holds', async () => {
    const store = new CertificateStore(folder);
    const clock = sleepingClock();
    const authority = new LocalAuthority({ folder: join(folder, 'local'), clock });
    const written: string[] = [];
    for (const name of ['one', 'two', 'three', 'four']) {
      clock.nowMs += 3_600_000;
      const { certificate, privateKey } = await authority.ensure(name, ['app.test']);
      written.push((await store.write('app', certificate, privateKey)).fingerprint);
    }
    expect((await store.read('app'))?.fingerprint).toBe(written.at(-1));
    expect(await readdir(join(folder, 'archive/app'))).toHaveLength(2);
    await store.remove('app');
    expect(await store.read('app')).toBeNull();
  });
});

describe('the local authority', () => {
  it('renews its certificates when a third of their life is left, and is itself the same', async () => {
    const clock = sleepingClock();
    clock.nowMs = Date.now();
    const open = () => new LocalAuthority({ folder, clock });
    const own = await open().certificate();
    const first = await open().ensure('app', ['app.test']);
    clock.nowMs += 200 * 86_400_000;
    expect((await open().ensure('app', ['app.test'])).fingerprint).toBe(first.fingerprint);
    clock.nowMs += 60 * 86_400_000;
    const second = await open().ensure('app', ['app.test']);
    expect(second.fingerprint).not.toBe(first.fingerprint);
    expect((await open().certificate()).pem).toBe(own.pem);
    expect((await open().ensure('app', ['app.test', 'www.app.test'])).domains).toHaveLength(2);
  });
});
