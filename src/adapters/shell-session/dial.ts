// What a failed connection from a host to somewhere else looks like, the same for every transport.
import { VezaError } from '../../lib/errors.ts';

/** `connect-failed` with the reason that the network or the ssh server gave. */
export function connectFailed(host: string, port: number, reason: string, cause?: unknown): VezaError {
  const isForbidden = /administratively prohibited/i.test(reason);
  return new VezaError('connect-failed', `cannot connect to ${host} port ${port} from the host: ${reason}`, {
    cause,
    ...(isForbidden && {
      hint: 'The ssh server forbids forwarding. Set "AllowTcpForwarding local" in its sshd_config for this user.',
    }),
  });
}
