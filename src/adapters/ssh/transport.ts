// The Transport over ssh2: attempts, pauses between them, and a limit of connections under way to one address.
import { setTimeout as sleep } from 'node:timers/promises';
import PQueue from 'p-queue';
import { VezaError } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import type { HostAddress, Session, Transport } from '../../engine/ports.ts';
import type { AuthenticationOptions } from './authentication.ts';
import { connectOnce } from './connection.ts';

export interface SshOptions {
  /** Socket of the ssh agent; SSH_AUTH_SOCK of the environment, handed in by the composition root. */
  readonly agentSocket?: string | undefined;
  /** Opens encrypted private keys. */
  readonly keyPassphrase?: string | undefined;
  /** Private keys tried beside the inventory's; ~/.ssh/id_ed25519, id_ecdsa and id_rsa by default. */
  readonly defaultKeys?: readonly string[] | undefined;
}

/** Errors of the network that may be gone at the next attempt. */
const passing =
  /ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|EAI_AGAIN|no answer|before handshake|was lost/i;

export function createSshTransport(options: SshOptions = {}): Transport {
  const queues = new Map<string, PQueue>();
  return {
    connect: async (host, signal) => {
      const key = `${host.address}:${host.port}`;
      const queue = queues.get(key) ?? new PQueue({ concurrency: limits.connectsPerAddress });
      queues.set(key, queue);
      return connectWithRetry(host, options, queue, signal);
    },
  };
}

async function connectWithRetry(
  host: HostAddress,
  options: AuthenticationOptions,
  queue: PQueue,
  signal: AbortSignal | undefined,
): Promise<Session> {
  for (let attempt = 1; ; attempt += 1) {
    if (signal?.aborted) throw new VezaError('cancelled', 'cancelled');
    try {
      return await queue.add(() => connectOnce(host, options, signal));
    } catch (error) {
      const isPassing = error instanceof VezaError && error.code === 'unreachable' && passing.test(error.message);
      if (!isPassing || attempt >= limits.connectAttempts) throw error;
    }
    await sleep(limits.connectRetryDelayMs * 2 ** (attempt - 1), undefined, { signal }).catch(() => undefined);
  }
}
