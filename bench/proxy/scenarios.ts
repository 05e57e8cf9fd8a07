// What is measured: one row of the result each. The gates are what a release must reach against HAProxy.
import type { Features, Protocol } from './peers.ts';

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly features: Features;
  readonly path: '/1k' | '/64k';
  readonly keepAlive: boolean;
  /** What clients speak; HTTP/1.1 when left out. */
  readonly protocol?: Protocol;
  /** HAProxy's CPU time a request divided by ours, at least. */
  readonly gate: number | undefined;
}

export const scenarios: readonly Scenario[] = [
  { name: 'bare-1k', title: '1 KB, keep-alive, bare', features: 'bare', path: '/1k', keepAlive: true, gate: 0.5 },
  {
    name: 'full-1k',
    title: '1 KB, keep-alive, log + cookie + rules + rate limit + checks',
    features: 'full',
    path: '/1k',
    keepAlive: true,
    gate: 0.6,
  },
  { name: 'bare-64k', title: '64 KB, keep-alive, bare', features: 'bare', path: '/64k', keepAlive: true, gate: 0.6 },
  { name: 'full-64k', title: '64 KB, keep-alive, full', features: 'full', path: '/64k', keepAlive: true, gate: 0.6 },
  {
    name: 'close-1k',
    title: '1 KB, a connection each, bare',
    features: 'bare',
    path: '/1k',
    keepAlive: false,
    gate: undefined,
  },
  {
    name: 'close-64k',
    title: '64 KB, a connection each, bare',
    features: 'bare',
    path: '/64k',
    keepAlive: false,
    gate: undefined,
  },
  {
    name: 'tls-1k',
    title: '1 KB over TLS (ECDSA P-256), keep-alive, bare',
    features: 'bare',
    path: '/1k',
    keepAlive: true,
    protocol: 'https',
    gate: 0.5,
  },
  {
    name: 'handshake',
    title: '1 KB over TLS, a full handshake each, bare',
    features: 'bare',
    path: '/1k',
    keepAlive: false,
    protocol: 'https',
    gate: 0.55,
  },
  {
    name: 'h2-1k',
    title: '1 KB over HTTP/2 and TLS, 16 connections of 8 streams, bare (p50: the mean)',
    features: 'bare',
    path: '/1k',
    keepAlive: true,
    protocol: 'h2',
    gate: 0.3,
  },
];
