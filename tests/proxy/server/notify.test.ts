// What systemd hears: readiness, reloads, the watchdog, the end. A program in the place of systemd-notify writes it down.
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningProxy, startProxy, until } from '../support/proxy.ts';

const generousMs = 30_000;
const folder = mkdtempSync(join(tmpdir(), 'veza-notify-'));
const said = join(folder, 'said');
const before = { ...process.env };
let proxy: RunningProxy;

const heard = (): string => readFileSync(said, 'utf8');

beforeAll(async () => {
  writeFileSync(said, '');
  const program = join(folder, 'systemd-notify');
  writeFileSync(program, `#!/bin/sh\necho "$*" >>${said}\n`);
  chmodSync(program, 0o755);
  process.env['PATH'] = `${folder}:${before['PATH'] ?? ''}`;
  process.env['NOTIFY_SOCKET'] = join(folder, 'socket');
  process.env['WATCHDOG_USEC'] = '600000';
  proxy = await startProxy((front, control) => ({
    workers: 1,
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [{ name: 'web', bind: [`127.0.0.1:${front}`], defaultBackend: 'api' }],
    backends: [{ name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port: 9 }] }],
  }));
}, 60_000);

afterAll(async () => {
  process.env = before;
  await proxy[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describe('systemd', () => {
  it('hears that the proxy is ready, and again and again that it is not stuck', async () => {
    await until(() => heard().includes('READY=1 STATUS=Running'), generousMs);
    await until(() => heard().split('WATCHDOG=1').length > 3, generousMs);
  });

  it('hears of reloads, and why one was refused', async () => {
    await until(async () => (await proxy.command('reload')).includes('Success=1'), generousMs);
    await until(
      () => /RELOADING=1 MONOTONIC_USEC=\d+\n(WATCHDOG=1\n)*READY=1 STATUS=Running\n/.test(heard()),
      generousMs,
    );
    writeFileSync(proxy.configFile, '{ "frontends": 1 }');
    await proxy.command('reload');
    await until(() => heard().includes('STATUS=Running; the last reload was refused: '), generousMs);
  });

  it('hears of the end', async () => {
    proxy.process.kill('SIGTERM');
    await once(proxy.process, 'exit');
    expect(heard()).toContain('STOPPING=1');
  });
});
