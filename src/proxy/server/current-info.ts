// What `show info` tells now, of all workers together.
import { hostname } from 'node:os';
import { infoOf } from '../core/stats/text.ts';
import type { Info } from '../core/stats/typed.ts';
import type { ControlledProxy } from './controlled-proxy.ts';
import { openFilesLimit } from './open-files.ts';
import { releaseDate, version } from './version.ts';

/** It stays as it was at the start. */
const openFiles = openFilesLimit();

export async function currentInfo(proxy: ControlledProxy): Promise<Info> {
  const counters = await proxy.counters();
  const { frontends } = proxy.config();
  const rates = frontends.map(({ name }) => proxy.rates.ratesOf(`frontend:${name}`));
  const sum = (key: keyof (typeof rates)[number]): number => rates.reduce((total, each) => total + each[key], 0);
  return infoOf(
    {
      version,
      releaseDate,
      pid: process.pid,
      workers: proxy.workers(),
      uptimeMs: process.uptime() * 1000,
      node: hostname(),
      openFiles,
      maxconn: frontends.reduce((total, { maxconn }) => total + maxconn, 0),
      listeners: frontends.reduce((total, { binds }) => total + binds.length, 0),
      startSeconds: Math.floor(Date.now() / 1000 - process.uptime()),
      idlePercent: proxy.idlePercent(),
      rates: {
        connections: sum('connections'),
        connectionsMax: sum('connectionsMax'),
        requests: sum('requests'),
        requestsMax: sum('requestsMax'),
      },
    },
    counters,
  );
}
