// The Transport of `connection: local`: the controller's own /bin/sh, framed like a remote one.
import { type ChildProcess, spawn } from 'node:child_process';
import { connect as connectSocket } from 'node:net';
import { userInfo } from 'node:os';
import { VezaError } from '../../lib/errors.ts';
import type { Transport } from '../../engine/ports.ts';
import { type Channel, type ChannelEnd, endOf } from '../shell-session/channel.ts';
import { ShellSession } from '../shell-session/session.ts';
import { connectFailed } from '../shell-session/dial.ts';

export interface LocalOptions {
  /** Another POSIX shell than /bin/sh. */
  readonly shellPath?: string;
}

export function createLocalTransport(options: LocalOptions = {}): Transport {
  const { shellPath = '/bin/sh' } = options;
  return {
    connect: (_host, signal) => {
      if (signal?.aborted) return Promise.reject(new VezaError('cancelled', 'cancelled'));
      const children = new Set<ChildProcess>();
      const session = new ShellSession({
        loginUser: userInfo().username,
        shellPath,
        open: (command) => openChannel(shellPath, command, children),
        dial: dialLocal,
        lost: () => new VezaError('unreachable', 'the local shell could not be started or was lost'),
        close: () => {
          for (const child of children) closeStreams(child);
          return Promise.resolve();
        },
      });
      return Promise.resolve(session);
    },
  };
}

function openChannel(shellPath: string, command: string, children: Set<ChildProcess>): Promise<Channel> {
  // A session of its own: Ctrl-C in the terminal ends the controller, which then decides about the steps.
  const child = spawn(shellPath, ['-c', command], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  children.add(child);
  const ended = endOf((event, listener) => {
    child.on(event, (code: number | null, signal: string | null) => {
      children.delete(child);
      listener({ code, signal } satisfies ChannelEnd);
    });
  });
  const { stdin, stdout, stderr } = child;
  stdin.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    child.on('error', (error) =>
      reject(new VezaError('unreachable', `cannot start ${shellPath}: ${error.message}`, { cause: error })),
    );
    child.once('spawn', () => resolve({ stdin, stdout, stderr, ended, close: () => closeStreams(child) }));
  });
}

/** Output first: a feeder takes unread output for a broken connection, but an end of input alone for the end of the data. */
function closeStreams(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.stdin?.destroy();
  child.unref();
}

const dialLocal: ShellSession['dial'] = (host, port, { timeoutMs, signal }) =>
  new Promise((resolve, reject) => {
    const socket = connectSocket({ host, port });
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.off('error', onError);
      act();
    };
    const fail = (error: VezaError): void =>
      settle(() => {
        socket.on('error', () => undefined);
        socket.destroy();
        reject(error);
      });
    const onError = (error: Error): void => fail(connectFailed(host, port, error.message, error));
    const onAbort = (): void => fail(new VezaError('cancelled', 'cancelled'));
    const timer = setTimeout(() => fail(connectFailed(host, port, `no answer within ${timeoutMs} ms`)), timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.on('error', onError);
    socket.once('connect', () => settle(() => resolve(socket)));
    if (signal?.aborted) onAbort();
  });
