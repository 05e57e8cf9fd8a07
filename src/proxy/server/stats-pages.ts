// What the control side shows over HTTP: the statistics page, the same as CSV, metrics, and whether it is well.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { statsPage } from '../core/stats/page/page.ts';
import { pageScript } from './page-script.ts';
import { pageStyle } from '../core/stats/page/style.ts';
import { statsCsv } from '../core/stats/rows.ts';
import type { ControlledProxy } from './controlled-proxy.ts';
import { currentRows } from './current-rows.ts';

const plain = 'text/plain; charset=utf-8';
const securityHeaders = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
};

/** Answers one request to the statistics address. */
export async function answerPage(
  proxy: ControlledProxy,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { uri } = proxy.config().stats;
  const path = (request.url ?? '').split('?')[0] ?? '';
  const send = (status: number, type: string, body: string): void => {
    response.writeHead(status, { ...securityHeaders, 'Content-Type': type }).end(body);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    return;
  }
  switch (path) {
    case '/metrics':
      // Loaded when it is needed: workers never are asked for metrics.
      send(200, 'text/plain; version=0.0.4; charset=utf-8', await (await import('./metrics.ts')).metricsText(proxy));
      return;
    case '/ping':
      send(200, plain, 'pong');
      return;
    case '/healthz':
      send(200, plain, 'ok\n');
      return;
    case '/readyz': {
      const down = unready(proxy);
      send(down.length === 0 ? 200 : 503, plain, down.length === 0 ? 'ok\n' : `no server: ${down.join(', ')}\n`);
      return;
    }
    case `${uri};csv`:
      send(200, plain, statsCsv(await currentRows(proxy)));
      return;
    case `${uri};style.css`:
      send(200, 'text/css; charset=utf-8', pageStyle);
      return;
    case `${uri};script.js`:
      send(200, 'text/javascript; charset=utf-8', pageScript);
      return;
    case uri:
    case `${uri};norefresh`:
      send(200, 'text/html; charset=utf-8', await pageOf(proxy, path === uri));
      return;
    default:
      send(404, plain, `The page is at ${uri}\n`);
  }
}

/** Backends without a server that could take a request. */
function unready(proxy: ControlledProxy): string[] {
  const usable = proxy.registry.records.filter((record) => record.up && record.admin === 'ready');
  const names = proxy.config().backends.map((backend) => backend.name);
  return names.filter((name) => !usable.some((record) => record.backend.name === name));
}

/** How many clients each backend's table has bound. */
function stuckIn(proxy: ControlledProxy): ReadonlyMap<string, number> {
  const used = new Map(proxy.sticks.tables.usage(performance.now()).map((table) => [table.name, table.used]));
  const { backends } = proxy.config();
  return new Map(backends.flatMap(({ name, stick }) => (stick ? [[name, used.get(stick.table.name) ?? 0]] : [])));
}

async function pageOf(proxy: ControlledProxy, refreshes: boolean): Promise<string> {
  const { uri, refreshMs } = proxy.config().stats;
  return statsPage(await currentRows(proxy), {
    title: 'veza-proxy',
    refreshMs: refreshes ? refreshMs : 0,
    workers: proxy.workers(),
    pid: process.pid,
    uptimeMs: process.uptime() * 1000,
    idlePercent: proxy.idlePercent(),
    uri,
    hasAdmin: proxy.config().admin !== undefined,
    rates: proxy.rates,
    stuck: stuckIn(proxy),
  });
}
