// Connects to a host of infra.yaml.
import { userInfo } from 'node:os';
import { createSshTransport } from '../../adapters/ssh/transport.ts';
import type { HostAddress, Session } from '../../engine/ports.ts';
import type { InfraHost } from '../../infra/config/model.ts';
import { VezaError } from '../../lib/errors.ts';
import { sshOptions } from '../inventory-flags.ts';

/** As `prod ssh` does: unknown hosts are learned, changed keys refused. */
const connectTimeoutMs = 15_000;

export function addressOfHost(host: InfraHost): HostAddress {
  if (host.ip === undefined) {
    throw new VezaError('missing-address', `"${host.name}" has no address`, {
      where: host.where,
      hint: 'Give it an `ip`.',
    });
  }
  return {
    name: host.name,
    connection: 'ssh',
    address: host.ip,
    port: host.ssh.port,
    user: host.ssh.user ?? userInfo().username,
    hostKeys: 'accept-new',
    connectTimeoutMs,
    ...(host.ssh.key !== undefined && { privateKeyFile: host.ssh.key }),
  };
}

export async function connectHost(host: InfraHost, signal: AbortSignal): Promise<Session> {
  return createSshTransport(sshOptions()).connect(addressOfHost(host), signal);
}
