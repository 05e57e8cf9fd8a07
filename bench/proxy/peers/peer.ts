// What a proxy that is compared must say of itself: what it can, how it is started, what it writes.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** bare: pass on. full: access log, persistence cookie, routing, rate limit, checks, retries, timeouts. */
export type Features = 'bare' | 'full';

/** What clients speak: ws and wss are WebSocket messages, in the clear and over TLS. */
export type Protocol = 'http' | 'https' | 'h2' | 'ws' | 'wss';

export interface PeerSetup {
  /** Its own, empty one, inside the folder of the run. */
  readonly folder: string;
  readonly port: number;
  readonly originPort: number;
  readonly features: Features;
  readonly protocol: Protocol;
  /** PEM file: certificate and key. */
  readonly certificate: string;
  /** Processes or threads that serve. */
  readonly workers: number;
}

export interface Peer {
  readonly name: string;
  /** Only these feature sets mean the same in it. */
  readonly features: readonly Features[];
  readonly protocols: readonly Protocol[];
  /** Undefined if it can be started here, else what is missing. */
  missing(): string | undefined;
  /** Writes its configuration; returns the command that runs it in the foreground. */
  command(setup: PeerSetup): readonly string[];
  /** What it needs beside it, not counted as its work: a reader of its log. */
  helper?(setup: PeerSetup): readonly string[];
}

/** Where each writes a line for every request when it has all features on. */
export function accessLog(setup: Pick<PeerSetup, 'folder'>): string {
  return join(setup.folder, 'access.log');
}

/** For what is measured of each proxy with as much as it can. */
export function mostFeatures({ features }: Peer): Features {
  return features.includes('full') ? 'full' : 'bare';
}

export function overTls(protocol: Protocol): boolean {
  return protocol === 'https' || protocol === 'h2' || protocol === 'wss';
}

const programs = ['/usr/sbin', '/usr/bin', '/usr/local/bin'];

export function programPath(name: string): string | undefined {
  return programs.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** For `missing` of a program. */
export function needs(name: string): string | undefined {
  return programPath(name) === undefined ? `${name} is not installed` : undefined;
}

/** Writes a file into the folder of a proxy and returns its path. */
export function writeOwn({ folder }: PeerSetup, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** HAProxy wants two descriptors for each connection that it may have, or does not start. */
export function connectionLimit(): number {
  const descriptors = /^Max open files\s+([0-9]+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? '1024';
  return Math.min(20_000, Math.floor(Number(descriptors) / 2) - 50);
}
