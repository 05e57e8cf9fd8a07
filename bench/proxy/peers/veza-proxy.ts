// veza-proxy as it is compared: packed, as it is installed.
import { join } from 'node:path';
import { packedName } from '../../../scripts/pack-proxy.ts';
import { accessLog, overTls, type Peer, type PeerSetup, writeOwn } from './peer.ts';

/** In the folder of the run: see scripts/bench-proxy.ts. */
export const packedFolder = 'packed';

function ourBind({ port, protocol, certificate }: PeerSetup): object {
  const bind = [`127.0.0.1:${port}`];
  return overTls(protocol) ? { tls: { bind, certificates: [certificate] } } : { bind };
}

function configuration(setup: PeerSetup): object {
  const server = { name: 's1', address: '127.0.0.1', port: setup.originPort };
  const bare = {
    workers: setup.workers,
    frontends: [{ name: 'http', ...ourBind(setup), defaultBackend: 'api', forwardFor: false }],
    backends: [{ name: 'api', servers: [server] }],
  };
  if (setup.features === 'bare') return bare;
  return {
    ...bare,
    log: { access: accessLog(setup), format: 'httplog' },
    frontends: [
      {
        ...bare.frontends[0],
        forwardFor: true,
        // As HAProxy's: counted for every client, and never reached.
        rateLimit: { requests: 1_000_000, per: '1s' },
        rules: [
          { host: 'other.example.org', backend: 'other' },
          { pathPrefix: '/stream', backend: 'other' },
        ],
      },
    ],
    backends: [
      { name: 'api', cookie: { name: 'SERVERID' }, check: { path: '/' }, servers: [server] },
      { name: 'other', servers: [server] },
    ],
  };
}

export const vezaProxy: Peer = {
  name: 'veza-proxy',
  features: ['bare', 'full'],
  protocols: ['http', 'https', 'h2', 'ws', 'wss'],
  missing: () => undefined,
  command: (setup) => {
    const file = writeOwn(setup, 'veza.json', JSON.stringify(configuration(setup)));
    return [process.execPath, join(setup.folder, '..', packedFolder, packedName), 'run', file];
  },
};
