// The proxies that are compared.
import { caddy } from './caddy.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import { fromNpm } from './npm.ts';
import type { Peer } from './peer.ts';
import { vezaProxy } from './veza-proxy.ts';

export const npmPeers: readonly Peer[] = [
  fromNpm('http-proxy-3', ['http', 'ws']),
  fromNpm('fast-proxy', ['http']),
  fromNpm('@fastify/http-proxy', ['http', 'ws']),
];

/** Ours first; ratios are against HAProxy. */
export const peers: readonly Peer[] = [vezaProxy, haproxy, nginx, caddy, ...npmPeers];
