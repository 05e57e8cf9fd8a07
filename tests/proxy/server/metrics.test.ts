// Metrics under HAProxy's names: HAProxy's own exporter, running beside, is the measure.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePort, portOf } from '../../support/ports.ts';
import { request, startProxy, until } from '../support/proxy.ts';

const haproxy = '/usr/sbin/haproxy';

interface Family {
  readonly type: string;
  /** Label names of each sample, as HAProxy orders them. */
  readonly labels: ReadonlySet<string>;
  readonly samples: Map<string, number>;
}

/** Reads the text format strictly: anything that a scraper would choke on throws. */
function families(text: string): Map<string, Family> {
  const found = new Map<string, Family>();
  let current = '';
  for (const line of text.trimEnd().split('\n')) {
    const head = /^# (HELP|TYPE) ([a-z_:][a-z0-9_:]*) (.+)$/.exec(line);
    if (head?.[1] === 'HELP') continue;
    if (head) {
      const [, , name = '', type = ''] = head;
      if (found.has(name)) throw new Error(`${name} comes twice`);
      current = name;
      found.set(name, { type, labels: new Set(), samples: new Map() });
      continue;
    }
    if (line === '') continue;
    // Ours alone: HAProxy has no histograms.
    if (/_request_duration_seconds(_bucket|_sum|_count)/.test(line)) continue;
    const sample = /^([a-z_]+)(?:\{((?:[a-z]+="[^"\n]*",?)*)\})? (nan|-?[0-9.e+-]+)$/i.exec(line);
    const family = found.get(sample?.[1] ?? '');
    if (!sample || !family || sample[1] !== current) throw new Error(`not a sample: ${line}`);
    const labels = sample[2] ?? '';
    (family.labels as Set<string>).add([...labels.matchAll(/([a-z]+)="/g)].map(([, label = '']) => label).join());
    if (family.samples.has(labels)) throw new Error(`a sample comes twice: ${line}`);
    family.samples.set(labels, Number(sample[3]));
  }
  return found;
}

async function scrape(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  return response.text();
}

describe.skipIf(!existsSync(haproxy))('metrics', () => {
  it('have the names, types and labels of HAProxy, and tell what happened', async () => {
    const backend = createServer((incoming, outgoing) => {
      outgoing.writeHead(incoming.url === '/missing' ? 404 : 200).end('x');
    }).listen(0, '127.0.0.1');
    await once(backend, 'listening');
    const backendPort = portOf(backend);
    const folder = mkdtempSync(join(tmpdir(), 'veza-metrics-'));
    const port = await freePort();
    writeFileSync(
      join(folder, 'haproxy.cfg'),
      `defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:${port}
  http-request use-service prometheus-exporter if { path /metrics }
  default_backend b
backend b
  server s 127.0.0.1:${backendPort} check
`,
    );
    const reference = spawn(haproxy, ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: 'ignore' });
    const statsPort = await freePort();
    try {
      await using proxy = await startProxy((front) => ({
        workers: 2,
        stats: { listen: `127.0.0.1:${statsPort}` },
        frontends: [
          {
            name: 'f',
            bind: [`127.0.0.1:${front}`],
            defaultBackend: 'b',
            rules: [{ path: '/denied', deny: ['127.0.0.1'], backend: 'b' }],
          },
        ],
        backends: [
          {
            name: 'b',
            check: { path: '/' },
            servers: [
              { name: 's', address: '127.0.0.1', port: backendPort },
              { name: 'spare', address: '127.0.0.1', port: 1, disabled: true },
            ],
          },
        ],
      }));
      for (const path of ['/', '/', '/missing', '/denied'])
        await request(proxy.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      await until(async () => (await scrape(port).catch(() => '')).includes('haproxy_server_status'));
      const theirs = families(await scrape(port));
      await until(async () => (await scrape(statsPort)).includes('check_status{proxy="b",server="s",state="L7OK"} 1'));
      const ours = families(await scrape(statsPort));
      const shape = (family: Family | undefined): object => ({
        type: family?.type,
        labels: [...(family?.labels ?? [])],
      });
      for (const [name, family] of ours)
        if (family.type === 'histogram') expect(theirs.has(name)).toBe(false);
        else expect({ name, ...shape(family) }).toEqual({ name, ...shape(theirs.get(name)) });
      const value = (name: string, labels: string): number | undefined =>
        ours.get(`haproxy_${name}`)?.samples.get(labels);
      expect(value('frontend_http_responses_total', 'proxy="f",code="2xx"')).toBe(2);
      expect(value('frontend_http_responses_total', 'proxy="f",code="4xx"')).toBe(2);
      expect(value('frontend_requests_denied_total', 'proxy="f"')).toBe(1);
      expect(value('server_http_responses_total', 'proxy="b",server="s",code="4xx"')).toBe(1);
      const text = await scrape(statsPort);
      expect(text).toContain('haproxy_server_request_duration_seconds_bucket{proxy="b",server="s",le="+Inf"} 3\n');
      expect(text).toContain('haproxy_backend_request_duration_seconds_count{proxy="b"} 3\n');
      expect(value('server_status', 'proxy="b",server="s",state="UP"')).toBe(1);
      expect(value('server_status', 'proxy="b",server="spare",state="MAINT"')).toBe(1);
      expect(value('server_current_throttle', 'proxy="b",server="s"')).toBeNaN();
      expect(value('backend_active_servers', 'proxy="b"')).toBe(1);
      expect(value('process_nbproc', '')).toBe(2);
      const [health, ready] = await Promise.all(
        ['healthz', 'readyz'].map(async (path) => (await fetch(`http://127.0.0.1:${statsPort}/${path}`)).status),
      );
      expect([health, ready]).toEqual([200, 200]);
    } finally {
      reference.kill();
      backend.closeAllConnections();
      backend.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
