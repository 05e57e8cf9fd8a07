// Connecting over ssh: ways to log in, host keys, and errors that say what to do.
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSshTransport } from '../../src/adapters/ssh/transport.ts';
import type { HostAddress } from '../../src/engine/ports.ts';
import { runSteps, step } from '../contracts/transport/host-under-test.ts';
import { startServer } from './support/ssh-server.ts';
import { freePort } from '../support/ports.ts';
import { sshdPath, startSshd } from './support/sshd.ts';

const transport = createSshTransport({ defaultKeys: [] });

function without(host: HostAddress, key: keyof HostAddress): HostAddress {
  return Object.fromEntries(Object.entries(host).filter(([name]) => name !== key)) as unknown as HostAddress;
}

function publicLine(host: HostAddress, publicKey: string): string {
  return `[${host.address}]:${host.port} ${publicKey.split(' ').slice(0, 2).join(' ')}`;
}

describe('logging in', () => {
  it('uses the key of the inventory, then the password', async () => {
    await using server = await startServer({ acceptsKey: false, password: 'secret' });
    await using session = await transport.connect({ ...server.host, password: 'secret' });
    expect(server.triedMethods).toEqual(['publickey', 'password']);
    const [result] = await runSteps(session, [step('echo in')]);
    expect(result?.stdout).toBe('in\n');
  });

  it('answers keyboard-interactive with the password', async () => {
    await using server = await startServer({ acceptsKey: false, keyboardAnswer: 'secret' });
    await using _session = await transport.connect({ ...server.host, password: 'secret' });
    expect(server.triedMethods).toContain('keyboard-interactive');
  });

  it('uses the default keys of the user', async () => {
    await using server = await startServer();
    const other = createSshTransport({ defaultKeys: [join(server.folder, 'missing'), join(server.folder, 'user')] });
    await using _session = await other.connect(without(server.host, 'privateKeyFile'));
  });

  it('names what it tried when nothing works', async () => {
    await using server = await startServer({ acceptsKey: false, password: 'right', keyboardAnswer: 'right' });
    const error = await transport.connect({ ...server.host, password: 'wrong' }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'authentication-failed' });
    expect(String(error)).toContain(`tried key ${server.host.privateKeyFile}, password, keyboard-interactive`);
    expect(String(error)).not.toContain('wrong');
  });

  it('says that there is nothing to log in with', async () => {
    await using server = await startServer({ acceptsKey: false, password: 'right' });
    const error = await transport.connect(without(server.host, 'privateKeyFile')).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'authentication-failed' });
    expect(String(error)).toContain('nothing to log in with');
  });

  it('explains keys that cannot be used', async () => {
    await using server = await startServer();
    const encrypted = join(server.folder, 'encrypted');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'phrase', '-f', encrypted]);
    const garbage = join(server.folder, 'garbage');
    writeFileSync(garbage, 'not a key');
    const connect = (privateKeyFile: string) => transport.connect({ ...server.host, privateKeyFile });
    await expect(connect(encrypted)).rejects.toMatchObject({
      code: 'key-unreadable',
      hint: `Add it to the agent: ssh-add ${encrypted}`,
    });
    await expect(connect(garbage)).rejects.toMatchObject({ code: 'key-unreadable' });
    await expect(connect(join(server.folder, 'missing'))).rejects.toThrow('does not exist');
    await expect(connect(`${encrypted}.pub`)).rejects.toMatchObject({ code: 'key-unreadable' });
  });

  it('opens an encrypted key with its passphrase', async () => {
    await using server = await startServer();
    const key = join(server.folder, 'user');
    execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'phrase', '-f', key]);
    const other = createSshTransport({ defaultKeys: [], keyPassphrase: 'phrase' });
    await using _session = await other.connect(server.host);
  });
});

describe('host keys', () => {
  it('accepts and remembers a new one, then wants to see it again', async () => {
    await using server = await startServer();
    const file = server.host.knownHostsFile ?? '';
    await (await transport.connect(server.host))[Symbol.asyncDispose]();
    expect(readFileSync(file, 'utf8')).toBe(`${publicLine(server.host, server.hostKeys[0] ?? '')}\n`);
    await (await transport.connect({ ...server.host, hostKeys: 'strict' }))[Symbol.asyncDispose]();
  });

  it('remembers it once when many connect together', async () => {
    await using server = await startServer();
    const sessions = await Promise.all([1, 2, 3, 4].map(() => transport.connect(server.host)));
    await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()));
    expect(
      readFileSync(server.host.knownHostsFile ?? '', 'utf8')
        .trim()
        .split('\n').length,
    ).toBe(1);
  });

  it('refuses an unknown one when strict, with a command that accepts it', async () => {
    await using server = await startServer();
    const host: HostAddress = { ...server.host, hostKeys: 'strict' };
    const error: unknown = await transport.connect(host).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'host-key-unknown' });
    expect(String(error)).toMatch(/ssh-ed25519 SHA256:/);
    const command = /echo .*/.exec((error as { hint: string }).hint)?.[0] ?? '';
    execFileSync('/bin/sh', ['-c', command]);
    await (await transport.connect(host))[Symbol.asyncDispose]();
  });

  it('refuses a changed one with both fingerprints, and sends no password', async () => {
    await using server = await startServer({ password: 'secret' });
    await using other = await startServer();
    const file = server.host.knownHostsFile ?? '';
    writeFileSync(file, `# first\n${publicLine(server.host, other.hostKeys[0] ?? '')}\n`);
    const error: unknown = await transport
      .connect({ ...server.host, password: 'secret' })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'host-key-changed', where: { file, line: 2 } });
    expect(String(error).match(/SHA256:/g)?.length).toBe(2);
    expect((error as { hint: string }).hint).toContain('ssh-keygen -R');
    expect(server.triedMethods).toEqual([]);
  });

  it('does not connect when the file is malformed', async () => {
    await using server = await startServer();
    writeFileSync(server.host.knownHostsFile ?? '', 'nonsense\n');
    await expect(transport.connect(server.host)).rejects.toMatchObject({ code: 'known-hosts-invalid' });
  });

  it('refuses a revoked one', async () => {
    await using server = await startServer();
    writeFileSync(server.host.knownHostsFile ?? '', `@revoked ${publicLine(server.host, server.hostKeys[0] ?? '')}\n`);
    await expect(transport.connect(server.host)).rejects.toMatchObject({ code: 'host-key-revoked' });
  });

  it.each([0, 1, 2])('asks for the type that it knows (%i)', async (known) => {
    await using server = await startServer({ hostKeyTypes: ['ed25519', 'ecdsa', 'rsa'] });
    writeFileSync(server.host.knownHostsFile ?? '', `${publicLine(server.host, server.hostKeys[known] ?? '')}\n`);
    await using _session = await transport.connect({ ...server.host, hostKeys: 'strict' });
  });

  it('looks at nothing when they are off', async () => {
    await using server = await startServer();
    writeFileSync(server.host.knownHostsFile ?? '', 'nonsense\n');
    await using _session = await transport.connect({ ...server.host, hostKeys: 'off' });
  });
});

describe('unreachable hosts', () => {
  const base: HostAddress = {
    name: 'gone',
    connection: 'ssh',
    address: '127.0.0.1',
    port: 1,
    user: 'tester',
    hostKeys: 'off',
    connectTimeoutMs: 200,
  };

  it('tries again before it gives up', async () => {
    const began = Date.now();
    await expect(transport.connect({ ...base, port: await freePort() })).rejects.toMatchObject({ code: 'unreachable' });
    expect(Date.now() - began).toBeGreaterThan(700);
  });

  it('gives up on a server that says nothing, and on one that hangs up', async () => {
    for (const [behaviour, reason] of [
      [() => undefined, 'no answer within 200 ms'],
      [(socket: { destroy(): void }) => socket.destroy(), 'lost before handshake'],
    ] as const) {
      const server = createServer(behaviour);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      await expect(transport.connect({ ...base, port })).rejects.toThrow(reason);
      server.close();
    }
  });

  it('can be cancelled while it connects and between attempts', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const host = { ...base, port, connectTimeoutMs: 10_000 };
    await expect(transport.connect(host, AbortSignal.timeout(100))).rejects.toMatchObject({ code: 'cancelled' });
    server.close();
    const refused = { ...base, port: await freePort() };
    await expect(transport.connect(refused, AbortSignal.timeout(100))).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe.skipIf(!sshdPath)('forwarding by OpenSSH', () => {
  it('tells which setting forbids it', async () => {
    await using sshd = await startSshd(['AllowTcpForwarding no']);
    await using session = await transport.connect(sshd.host);
    await expect(session.dial('127.0.0.1', sshd.host.port, { timeoutMs: 5_000 })).rejects.toMatchObject({
      code: 'connect-failed',
      hint: expect.stringContaining('AllowTcpForwarding') as string,
    });
  });

  it('tells why a connection failed', async () => {
    await using sshd = await startSshd();
    await using session = await transport.connect(sshd.host);
    await expect(session.dial('127.0.0.1', await freePort(), { timeoutMs: 5_000 })).rejects.toThrow(
      'Connection refused',
    );
  });

  it('tells that too few channels are allowed', async () => {
    await using sshd = await startSshd(['MaxSessions 1']);
    await using session = await transport.connect(sshd.host);
    const [first] = await runSteps(session, [step('echo one is enough')]);
    expect(first?.exitCode).toBe(0);
    const fed = runSteps(session, [step('cat', { stdin: Buffer.from('x') })]);
    await expect(fed).rejects.toMatchObject({
      code: 'unreachable',
      hint: expect.stringContaining('MaxSessions') as string,
    });
  });
});
