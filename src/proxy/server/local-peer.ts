// Which of the machines that share stick tables this one is.
import { hostname } from 'node:os';
import { hostNameVariable, localPeerVariable } from '../core/config/resolve-peers.ts';
import type { Environment } from '../core/config/variables.ts';

/** What a configuration may have to know of the machine. */
export function ofThisMachine(environment: Environment = process.env): Environment {
  const said = environment[localPeerVariable];
  return { ...(said !== undefined && { [localPeerVariable]: said }), [hostNameVariable]: hostname() };
}

/** A haproxy.cfg finds the name of the local peer in its environment, whoever said it. */
export function withLocalPeer(environment: Environment): Environment {
  return { [localPeerVariable]: hostname(), ...environment };
}
