// What a failed connection from a host to somewhere else looks like, the same for every transport.
import { VezaError } from '../../lib/errors.ts';

/** The reason that stands for OpenSSH's refusal to forward at all (RFC 4254, 5.1: reason code 1). */
export const forbidden = 'administratively prohibited';

/** `connect-failed` with the reason that the network or the ssh server gave. */
export function connectFailed(host: string, port: number, reason: string, cause?: unknown): VezaError {
  const isForbidden = reason === forbidden;
  return new VezaError('connect-failed', `cannot connect to ${host} port ${port} from the host: ${reason}`, {
    cause,
    ...(isForbidden && {
      hint: 'The ssh server forbids forwarding. Set "AllowTcpForwarding local" in its sshd_config for this user.',
    }),
  });
}
