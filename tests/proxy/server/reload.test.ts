// Reloading: whole or not at all, with a way back, and a proxy that starts with what last worked.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { freePort, portOf } from '../../support/ports.ts';
import { request, startProxy, statusOf, until } from '../support/proxy.ts';
import { proxyMain } from '../support/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'veza-proxy-reload-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ask = (port: number): Promise<string> =>
  request(port, 'GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n', 20_000);

function answering(ports: readonly number[], controlPort: number, body: string): object {
  return {
    workers: 2,
    stats: { socket: [`127.0.0.1:${controlPort}`] },
    frontends: ports.map((port, index) => ({
      name: `f${index}`,
      bind: [`127.0.0.1:${port}`],
      rules: [{ respond: { status: 200, body } }],
    })),
    backends: [{ name: 'b', servers: [{ name: 's', address: '127.0.0.1', port: 1 }] }],
  };
}

describe('a reload', () => {
  it('that cannot bind an address changes nothing', async () => {
    await using proxy = await startProxy((port, control) => answering([port], control, 'old'));
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const taken = portOf(other);
    proxy.write(answering([proxy.port, taken], proxy.controlPort, 'new'));
    expect(await proxy.command('reload')).toContain('EADDRINUSE');
    expect(await ask(proxy.port)).toContain('old');
    other.close();
    await once(other, 'close');
    expect(await proxy.command('reload')).toContain('Success=1');
    expect(await ask(proxy.port)).toContain('new');
    expect(await ask(taken)).toContain('new');
  });

  it('tells every problem of a bad file, with its place', async () => {
    await using proxy = await startProxy((port, control) => answering([port], control, 'old'));
    writeFileSync(proxy.configFile, '{\n  "frontends": [],\n  "backend": [],\n  "grace": 5\n}\n');
    const answer = await proxy.command('reload');
    expect(answer).toMatch(/:3:3: unknown key `backend`/);
    expect(answer).toMatch(/:4:12: grace must be a duration/);
    expect(answer).toMatch(/frontends must not be empty/);
    expect(await ask(proxy.port)).toContain('old');
  });

  it('by a signal is told with what it changes, as that of an operator', async () => {
    await using proxy = await startProxy((port, control) => answering([port], control, 'old'));
    proxy.write({ ...answering([proxy.port], proxy.controlPort, 'old'), grace: '7s' });
    proxy.process.kill('SIGHUP');
    await until(() => /SIGHUP: reload audit=true diff="process\\n {2}~ graceMs: 30000 -> 7000/.test(proxy.log()));
    writeFileSync(proxy.configFile, '{}');
    proxy.process.kill('SIGHUP');
    await until(() => /SIGHUP: reload audit=true problem=.*frontends/.test(proxy.log()));
  });

  it('that closes an address stops answering there, and opens it again later', async () => {
    await using proxy = await startProxy((port, control) => answering([port], control, 'one'));
    const second = await freePort();
    proxy.write(answering([proxy.port, second], proxy.controlPort, 'two'));
    expect(await proxy.command('reload')).toContain('Success=1');
    expect(await ask(second)).toContain('two');
    proxy.write(answering([proxy.port], proxy.controlPort, 'three'));
    expect(await proxy.command('reload')).toContain('Success=1');
    await until(async () => statusOf(await ask(second)) === 0);
    expect(await ask(proxy.port)).toContain('three');
  });
});

/** Starts a proxy with a state folder; resolves when it listens or is gone. */
async function start(file: string, state: string): Promise<{ log: string; stop: () => Promise<void> }> {
  const child = spawn(process.execPath, [proxyMain, 'run', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, STATE_DIRECTORY: state },
  });
  const result = { log: '', stop: () => Promise.resolve() };
  const exited = once(child, 'exit');
  result.stop = async () => {
    child.kill('SIGTERM');
    await exited;
  };
  child.stderr.on('data', (bytes: Buffer) => (result.log += bytes.toString()));
  await until(() => result.log.includes('listening on') || child.exitCode !== null, 40_000);
  return result;
}

describe('a start', () => {
  it('with a broken or missing file uses the configuration that last worked, and says so', async () => {
    const [port, control] = [await freePort(), await freePort()];
    const [file, state] = [join(folder, 'proxy.json'), join(folder, 'state')];
    writeFileSync(file, JSON.stringify(answering([port], control, 'kept')));
    const first = await start(file, state);
    const kept = join(state, 'last-good.json');
    await until(() => statSync(kept, { throwIfNoEntry: false }) !== undefined, 20_000);
    expect(statSync(kept).mode & 0o077).toBe(0);
    await first.stop();
    for (const breakIt of [() => writeFileSync(file, '{ "frontends": 1 }'), () => rmSync(file)]) {
      breakIt();
      const proxy = await start(file, state);
      try {
        expect(proxy.log).toContain('starting with the last good configuration');
        expect(await ask(port)).toContain('kept');
      } finally {
        await proxy.stop();
      }
    }
    writeFileSync(kept, readFileSync(kept, 'utf8').replace('kept', 'other'));
    const refused = await start(file, state);
    expect(refused.log).toContain('cannot read');
    expect(refused.log).not.toContain('listening');
  });
});

describe('a watched file', () => {
  it('is read again when an editor renames a new one over it; a broken one changes nothing', async () => {
    const own = mkdtempSync(join(folder, 'watch-'));
    const [port, control] = [await freePort(), await freePort()];
    const file = join(own, 'proxy.json');
    writeFileSync(file, JSON.stringify(answering([port], control, 'first')));
    const child = spawn(process.execPath, [proxyMain, 'run', '--watch', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    const exited = once(child, 'exit');
    let log = '';
    child.stderr.on('data', (bytes: Buffer) => (log += bytes.toString()));
    try {
      await until(() => log.includes('listening on'), 40_000);
      const replace = (text: string): void => {
        writeFileSync(join(own, '.new'), text);
        renameSync(join(own, '.new'), file);
      };
      replace('{ "frontends": 1 }');
      await until(() => log.includes('reload refused'), 20_000);
      expect(await ask(port)).toContain('first');
      replace(JSON.stringify(answering([port], control, 'second')));
      await until(async () => (await ask(port)).includes('second'), 20_000);
      // A mounted folder is swapped by a symbolic link.
      mkdirSync(join(own, 'v2'));
      writeFileSync(join(own, 'v2', 'proxy.json'), JSON.stringify(answering([port], control, 'third')));
      symlinkSync(join('v2', 'proxy.json'), join(own, '.link'));
      renameSync(join(own, '.link'), file);
      await until(async () => (await ask(port)).includes('third'), 20_000);
    } finally {
      child.kill('SIGTERM');
      await exited;
    }
  });
});

describe('veza-proxy reload', () => {
  it('fails when the running proxy refuses, and says why', async () => {
    await using proxy = await startProxy((port, control) => answering([port], control, 'old'));
    const command = async (): Promise<{ code: number | null; text: string }> => {
      const child = spawn(process.execPath, [proxyMain, 'reload', proxy.configFile], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let text = '';
      child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
      child.stderr.on('data', (bytes: Buffer) => (text += bytes.toString()));
      await once(child, 'close');
      return { code: child.exitCode, text };
    };
    proxy.write(answering([proxy.port], proxy.controlPort, 'new'));
    expect(await command()).toMatchObject({ code: 0 });
    expect(await ask(proxy.port)).toContain('new');
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    proxy.write(answering([proxy.port, portOf(other)], proxy.controlPort, 'bad'));
    const refused = await command();
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.text).toContain('EADDRINUSE');
    other.close();
  });
});
