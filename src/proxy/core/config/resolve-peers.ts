// Machines that share stick tables: the part of a document -> the model.
import type { PeersConfig } from '../peers/model.ts';
import { hostAndPort } from '../server-address.ts';
import { parseBind } from './bind.ts';
import { durationMs } from './duration.ts';
import type { ConfigDocument } from './read.ts';
import type { Environment } from './variables.ts';

export type PeersDocument = ConfigDocument['peers'][number];

/** Where the environment says which member this machine is (HAProxy's own name for it), and what its host name is. */
export const localPeerVariable = 'HAPROXY_LOCALPEER';
export const hostNameVariable = 'VEZA_HOST_NAME';

/** Which member this machine is; undefined where nobody says so: the file is not for this machine. */
export function localNameOf({ local }: PeersDocument, environment: Environment): string | undefined {
  return environment[localPeerVariable] ?? local ?? environment[hostNameVariable];
}

/** Where this machine listens, as text; undefined where neither `bind` nor its member says so. */
export function listenTextOf({ bind, members }: PeersDocument, local: string | undefined): string | undefined {
  if (bind !== undefined) return bind;
  const own = members.find(({ name }) => name === local);
  if (own?.address === undefined || own.port === undefined) return undefined;
  return hostAndPort(own.address, own.port);
}

/** The document must have passed checkPeers. */
export function resolvePeers(sections: ConfigDocument['peers'], environment: Environment): PeersConfig[] {
  return sections.map((section): PeersConfig => {
    const { name, members, timeouts, tls } = section;
    const local = localNameOf(section, environment) ?? '';
    const bind = parseBind(listenTextOf(section, local) ?? '');
    return {
      name,
      local,
      bind: bind?.kind === 'tcp' ? bind : nowhere,
      members: members
        .filter((member) => member.name !== local)
        .map((member) => ({ name: member.name, address: member.address ?? '', port: member.port ?? 0 })),
      tls,
      timeouts: {
        connectMs: durationMs(timeouts.connect),
        reconnectMs: durationMs(timeouts.reconnect),
        heartbeatMs: durationMs(timeouts.heartbeat),
        silenceMs: durationMs(timeouts.silence),
        resyncMs: durationMs(timeouts.resync),
      },
    };
  });
}

/** Of a file that was read for another machine. */
const nowhere = { kind: 'tcp', id: '', host: '', port: 0 } as const;
