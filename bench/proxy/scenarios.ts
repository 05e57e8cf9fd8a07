// What is measured under load, one table of the result each, and what a release must reach in it.
import type { Bound } from './gates.ts';
import type { Features, Protocol } from './peers/peer.ts';
import type { bodies } from './peers/nginx.ts';

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly features: Features;
  readonly protocol: Protocol;
  /** Not asked for by WebSocket messages. */
  readonly path: keyof typeof bodies;
  readonly keepAlive: boolean;
  /** Of one processor's time: a proxy gets no more; all of it if absent. */
  readonly share?: number;
  /** The CPU time a request of these divided by ours, at least. */
  readonly gates: Readonly<Record<string, Bound>>;
}

const base = { features: 'bare', protocol: 'http', path: '/1k', keepAlive: true, gates: {} } as const;

function against(must: number, aim: number): Readonly<Record<string, Bound>> {
  return { HAProxy: { must, aim, side: 'least' } };
}

export const scenarios: readonly Scenario[] = [
  {
    ...base,
    name: 'bare-1k',
    title: '1 KB, keep-alive, bare',
    gates: { ...against(0.5, 0.8), Caddy: { must: 1.8, aim: 2.5, side: 'least' } },
  },
  {
    ...base,
    name: 'full-1k',
    title: '1 KB, keep-alive, all features: log, cookie, rules, rate limit, checks, retries',
    features: 'full',
    gates: against(0.6, 1),
  },
  // Pauses of a starved process are where timers, queues and batches go wrong.
  { ...base, name: 'starved-1k', title: '1 KB, keep-alive, bare, with 40 % of a processor (CPU quota)', share: 0.4 },
  { ...base, name: 'bare-64k', title: '64 KB, keep-alive, bare', path: '/64k', gates: against(0.6, 0.85) },
  {
    ...base,
    name: 'full-64k',
    title: '64 KB, keep-alive, all features',
    features: 'full',
    path: '/64k',
    gates: against(0.6, 0.85),
  },
  { ...base, name: 'close-1k', title: '1 KB, a connection each, bare', keepAlive: false },
  { ...base, name: 'close-64k', title: '64 KB, a connection each, bare', path: '/64k', keepAlive: false },
  {
    ...base,
    name: 'tls-1k',
    title: '1 KB over TLS (ECDSA P-256), keep-alive, bare',
    protocol: 'https',
    gates: against(0.5, 0.75),
  },
  {
    ...base,
    name: 'tls-64k',
    title: '64 KB over TLS (ECDSA P-256), keep-alive, bare',
    protocol: 'https',
    path: '/64k',
    gates: against(0.5, 0.75),
  },
  {
    ...base,
    name: 'handshake',
    title: '1 KB over TLS, a full handshake each, bare',
    protocol: 'https',
    keepAlive: false,
    gates: against(0.55, 0.65),
  },
  {
    ...base,
    name: 'h2-1k',
    title: '1 KB over HTTP/2 and TLS, 16 connections of 8 streams, bare (p50: the mean)',
    protocol: 'h2',
    gates: against(0.3, 0.5),
  },
  { ...base, name: 'ws', title: 'WebSocket messages of 100 bytes and their echo through a tunnel', protocol: 'ws' },
  { ...base, name: 'wss', title: 'WebSocket messages of 100 bytes and their echo, over TLS', protocol: 'wss' },
];
