// One attempt to connect and log in, and the channels of the connection that comes of it.
import ssh2 from 'ssh2';
import type { Client, ClientChannel, ClientErrorExtensions } from 'ssh2';
import { VezaError, messageOf } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import type { HostAddress } from '../../engine/ports.ts';
import { type Channel, endOf } from '../shell-session/channel.ts';
import { connectFailed, forbidden } from '../shell-session/dial.ts';
import { ShellSession } from '../shell-session/session.ts';
import { type AuthenticationOptions, prepareAuthentication } from './authentication.ts';
import { prepareHostKeyCheck } from './host-key.ts';

/** How long a polite goodbye may take. */
const closePatienceMs = 1_000;

/** Rejects with the VezaErrors of Transport.connect; `unreachable` ones may be worth another attempt. */
export async function connectOnce(
  host: HostAddress,
  options: AuthenticationOptions,
  signal: AbortSignal | undefined,
): Promise<ShellSession> {
  const authentication = await prepareAuthentication(host, options);
  const hostKey = await prepareHostKeyCheck(host);
  const timeoutMs = host.connectTimeoutMs ?? limits.connectTimeoutMs;
  const client = new ssh2.Client();
  client.setMaxListeners(0);
  const loss = watchLoss(client, host);
  let refusal: Error | undefined;
  await new Promise<void>((resolve, reject) => {
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      if (error === undefined) {
        resolve();
        return;
      }
      client.destroy();
      reject(error);
    };
    const onAbort = (): void => settle(new VezaError('cancelled', 'cancelled'));
    const timer = setTimeout(() => settle(unreachable(host, `no answer within ${timeoutMs} ms`)), timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    client.once('ready', () => settle());
    client.on('error', (error: Error & ClientErrorExtensions) => {
      settle(refusal ?? (error.level === 'client-authentication' ? authentication.failed() : failureOf(host, error)));
    });
    client.once('close', () => settle(refusal ?? loss.error()));
    client.connect({
      host: host.address,
      port: host.port,
      username: host.user,
      authHandler: authentication.handler,
      readyTimeout: 0,
      keepaliveInterval: limits.keepaliveIntervalMs,
      keepaliveCountMax: 2,
      algorithms: {
        serverHostKey: hostKey.algorithms,
        // AES-GCM runs in node:crypto with or without ssh2's native addon.
        cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr'],
      },
      hostVerifier: (blob: Buffer, verified: (isTrusted: boolean) => void): void => {
        hostKey.verify(blob).then(
          () => verified(true),
          (error: unknown) => {
            refusal = error instanceof Error ? error : new Error(messageOf(error));
            verified(false);
          },
        );
      },
    });
  });
  // Without this a small message waits for the acknowledgement of the one before: 45 ms instead of 3.
  client.setNoDelay(true);
  return new ShellSession({
    loginUser: host.user,
    startTimeoutMs: timeoutMs,
    open: (command) => openChannel(client, command, loss.error),
    dial: (to, port, dialOptions) => dial(client, to, port, dialOptions, loss.error),
    lost: loss.error,
    close: () => (loss.isLost() ? Promise.resolve() : closeClient(client)),
  });
}

interface Loss {
  readonly isLost: () => boolean;
  readonly error: () => VezaError;
}

/** Remembers why a connection ended; errors that come after it are swallowed here. */
function watchLoss(client: Client, host: HostAddress): Loss {
  let reason: Error | undefined;
  let isLost = false;
  client.on('error', (error) => {
    reason ??= error;
  });
  client.once('close', () => {
    isLost = true;
  });
  return {
    isLost: () => isLost,
    error: () => unreachable(host, `the connection was lost${reason ? `: ${reason.message}` : ''}`, reason),
  };
}

function openChannel(client: Client, command: string, lost: () => VezaError): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const onClose = (): void => reject(lost());
    const onChannel = (error: Error | undefined, channel: ClientChannel): void => {
      client.off('close', onClose);
      if (error) {
        const hint = 'The ssh server may allow too few channels: MaxSessions in its sshd_config should be 10 or more.';
        const isRefused = /open fail/i.test(error.message);
        reject(
          isRefused ? new VezaError('unreachable', `no channel: ${error.message}`, { hint, cause: error }) : lost(),
        );
        return;
      }
      channel.on('error', () => undefined);
      const ended = endOf((event, listener) => {
        channel.on(event, (code?: number | null, signal?: string) => {
          listener({ code: code ?? null, signal: signal ?? null });
        });
      });
      resolve({ stdin: channel, stdout: channel, stderr: channel.stderr, ended, close: () => channel.close() });
    };
    try {
      client.once('close', onClose);
      client.exec(command, onChannel);
    } catch {
      // ssh2 throws `Not connected` at once.
      client.off('close', onClose);
      onClose();
    }
  });
}

function dial(
  client: Client,
  to: string,
  port: number,
  options: Parameters<ShellSession['dial']>[2],
  lost: () => VezaError,
): ReturnType<ShellSession['dial']> {
  const { timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    let isSettled = false;
    const settle = (act: () => void): void => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      client.off('close', onClose);
      act();
    };
    const onAbort = (): void => settle(() => reject(new VezaError('cancelled', 'cancelled')));
    const onClose = (): void => settle(() => reject(lost()));
    const timer = setTimeout(
      () => settle(() => reject(connectFailed(to, port, `no answer within ${timeoutMs} ms`))),
      timeoutMs,
    );
    if (signal?.aborted) {
      onAbort();
      return;
    }
    signal?.addEventListener('abort', onAbort, { once: true });
    client.once('close', onClose);
    try {
      client.forwardOut('127.0.0.1', 0, to, port, (error, channel) => {
        if (error) {
          settle(() => reject(connectFailed(to, port, openFailure(error), error)));
          return;
        }
        channel.on('error', () => undefined);
        if (isSettled) channel.destroy();
        else settle(() => resolve(channel));
      });
    } catch {
      onClose();
    }
  });
}

/** The words of the ssh server, or the meaning of its reason code, which ssh2 adds to the error. */
function openFailure(error: Error): string {
  const code = 'reason' in error ? error.reason : undefined;
  if (code === 1) return forbidden;
  const said = error.message.replace(/^\(SSH\) Channel open failure:? ?/, '');
  return said === '' || said === 'open failed' ? 'connection failed' : said;
}

function closeClient(client: Client): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      client.destroy();
      resolve();
    }, closePatienceMs);
    client.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    client.end();
  });
}

function failureOf(host: HostAddress, error: Error & ClientErrorExtensions): VezaError {
  return unreachable(host, error.message, error);
}

function unreachable(host: HostAddress, reason: string, cause?: unknown): VezaError {
  return new VezaError('unreachable', `${host.name}: ${host.address} port ${host.port}: ${reason}`, {
    cause,
    hint: hintFor(reason),
  });
}

function hintFor(reason: string): string {
  if (/ECONNREFUSED/.test(reason)) return 'Is sshd running there, and is the port right?';
  if (/ENOTFOUND|EAI_AGAIN/.test(reason)) return 'The name is not known; check ansible_host.';
  if (/no matching/i.test(reason))
    return 'The server offers only algorithms that are too old or too new for this client.';
  return 'Check the address, the route and the firewall; ansible_host and ansible_port say where to connect.';
}
