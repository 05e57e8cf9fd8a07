// An ssh server inside the test process that runs commands with sh: no root and no sshd needed.
import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import type { AuthContext, Connection, ServerChannel, Session as ServerSession } from 'ssh2';
import type { HostAddress } from '../../../src/engine/ports.ts';

export interface ServerOptions {
  readonly password?: string;
  readonly keyboardAnswer?: string;
  readonly acceptsKey?: boolean;
  readonly forbidsForwarding?: boolean;
  readonly hostKeyTypes?: readonly ('ed25519' | 'ecdsa' | 'rsa')[];
  readonly environment?: Readonly<Record<string, string>>;
}

export interface TestServer extends AsyncDisposable {
  readonly host: HostAddress;
  readonly folder: string;
  readonly hostKeys: readonly string[];
  /** Commands that clients asked for. */
  readonly commands: string[];
  readonly triedMethods: string[];
  cut(): void;
}

type KeyType = NonNullable<ServerOptions['hostKeyTypes']>[number];

/** One in three hundred Ed25519 keys that ssh2 makes is malformed (a number that begins with a zero byte). */
function newKey(type: KeyType): ReturnType<typeof ssh2.utils.generateKeyPairSync> {
  if (type === 'rsa') return ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 });
  if (type === 'ecdsa') return ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
  for (;;) {
    const key = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(key.private) instanceof Error)) return key;
  }
}

const clientKey = newKey('ed25519');

export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'veza-ssh2-'));
  writeFileSync(join(folder, 'user'), clientKey.private, { mode: 0o600 });
  const hostKeys = (options.hostKeyTypes ?? ['ed25519']).map(newKey);
  const connections = new Set<Connection>();
  const children = new Set<ChildProcess>();
  const commands: string[] = [];
  const triedMethods: string[] = [];
  const server = new ssh2.Server({ hostKeys: hostKeys.map((key) => key.private) }, (connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('close', () => connections.delete(connection));
    connection.on('authentication', (context) => {
      triedMethods.push(context.method);
      authenticate(context, options);
    });
    connection.on('session', (accept) => serveSession(accept(), commands, children, options));
    connection.on('tcpip', (accept, reject, info) => {
      if (options.forbidsForwarding) {
        reject();
        return;
      }
      const socket = connect({ host: info.destIP, port: info.destPort });
      socket.once('connect', () => {
        const channel = accept();
        socket.pipe(channel).pipe(socket);
      });
      socket.once('error', () => reject());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    folder,
    commands,
    triedMethods,
    hostKeys: hostKeys.map((key) => key.public),
    host: {
      name: 'fake',
      connection: 'ssh',
      address: '127.0.0.1',
      port: typeof address === 'object' && address ? address.port : 0,
      user: 'tester',
      privateKeyFile: join(folder, 'user'),
      hostKeys: 'accept-new',
      knownHostsFile: join(folder, 'known_hosts'),
    },
    cut: () => {
      for (const child of children) release(child);
      for (const connection of connections) (connection as unknown as { _sock: { destroy(): void } })._sock.destroy();
    },
    [Symbol.asyncDispose]: async () => {
      for (const child of children) release(child);
      for (const connection of connections) connection.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function authenticate(context: AuthContext, options: ServerOptions): void {
  const methods = [
    ...(options.acceptsKey === false ? [] : (['publickey'] as const)),
    ...(options.password === undefined ? [] : (['password'] as const)),
    ...(options.keyboardAnswer === undefined ? [] : (['keyboard-interactive'] as const)),
  ];
  const known = ssh2.utils.parseKey(clientKey.public);
  switch (context.method) {
    case 'publickey': {
      const isKnown = !(known instanceof Error) && context.key.data.equals(known.getPublicSSH());
      if (options.acceptsKey === false || !isKnown) context.reject(methods);
      else context.accept();
      return;
    }
    case 'password':
      if (context.password === options.password) context.accept();
      else context.reject(methods);
      return;
    case 'keyboard-interactive':
      if (options.keyboardAnswer === undefined) context.reject(methods);
      else {
        context.prompt([{ prompt: 'Code: ', echo: false }], (answers) => {
          if (answers[0] === options.keyboardAnswer) context.accept();
          else context.reject(methods);
        });
      }
      return;
    default:
      context.reject(methods);
  }
}

function serveSession(
  session: ServerSession,
  commands: string[],
  children: Set<ChildProcess>,
  options: ServerOptions,
): void {
  session.on('exec', (accept, _reject, info) => {
    commands.push(info.command);
    const channel = accept();
    const child = spawn('/bin/sh', ['-c', info.command], {
      detached: true,
      env: { ...process.env, ...options.environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    children.add(child);
    connectStreams(channel, child, children);
  });
}

function connectStreams(channel: ServerChannel, child: ChildProcess, children: Set<ChildProcess>): void {
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) return;
  for (const stream of [stdin, stdout, stderr, channel]) stream.on('error', () => undefined);
  channel.pipe(stdin);
  stdout.pipe(channel, { end: false });
  stderr.pipe(channel.stderr, { end: false });
  channel.on('close', () => release(child));
  child.on('exit', (code, signal) => {
    children.delete(child);
    if (signal) channel.exit(signal);
    else channel.exit(code ?? 0);
  });
  child.on('close', () => channel.end());
}

/** What the death of an sshd does to its commands: their pipes close. */
function release(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.stdin?.destroy();
}
