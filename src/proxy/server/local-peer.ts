// Which of the machines that share stick tables this one is.
import { hostname } from 'node:os';
import { localPeerVariable } from '../core/config/resolve-peers.ts';
import type { Environment } from '../core/config/variables.ts';

/** As the environment says it (`run -L NAME` sets it there), else the host name, as with HAProxy. */
export function localPeer(environment: Environment = process.env): Environment {
  const said = environment[localPeerVariable];
  return { [localPeerVariable]: said === undefined || said === '' ? hostname() : said };
}
