// The statistics page in a real browser: live, operated by admins, whole without JavaScript.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createToken } from '../../../src/proxy/server/admin/token-file.ts';
import { freePort, portOf } from '../../support/ports.ts';
import { hasChromium, startChromium } from '../support/browser.ts';
import { request, type RunningProxy, startProxy, until } from '../support/proxy.ts';

/** A busy machine takes its time to paint. */
const patience = { timeout: 30_000 };

describe.skipIf(!hasChromium)('the statistics page (needs chromium)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'veza-page-'));
  const servers: Server[] = [];
  let proxy: RunningProxy;
  let browser: Browser;
  let url = '';
  let token = '';

  beforeAll(async () => {
    for (let count = 0; count < 3; count += 1) {
      const server = createServer((incoming, outgoing) => {
        outgoing.writeHead(incoming.url === '/bad' ? 500 : 200).end('ok');
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      servers.push(server);
    }
    const ports = servers.map(portOf);
    const page = await freePort();
    const tokenFile = join(folder, 'tokens.json');
    token = createToken(tokenFile, 'ops', 'admin', new Date());
    url = `http://127.0.0.1:${page}/stats`;
    proxy = await startProxy((front, control) => ({
      workers: 1,
      stats: { socket: [`127.0.0.1:${control}`], listen: `127.0.0.1:${page}`, refresh: '1s' },
      admin: { tokenFile },
      frontends: [
        {
          name: 'public',
          bind: [`127.0.0.1:${front}`],
          defaultBackend: 'shop',
          rules: [{ pathPrefix: '/search', backend: 'search' }],
        },
      ],
      backends: [
        {
          name: 'shop',
          balance: 'leastconn',
          cookie: { name: 'SERVERID' },
          check: { inter: '200ms', fastinter: '100ms', fall: 2 },
          servers: [
            { name: 'shop-1', address: '127.0.0.1', port: ports[0], weight: 10 },
            { name: 'shop-2', address: '127.0.0.1', port: ports[1], weight: 10 },
          ],
        },
        {
          name: 'search',
          check: { inter: '1s' },
          servers: [{ name: 'search-1', address: '127.0.0.1', port: ports[2] }],
        },
      ],
    }));
    browser = await startChromium();
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    await proxy[Symbol.asyncDispose]();
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true });
  });

  async function open(options: Parameters<Browser['newPage']>[0] = {}): Promise<{ page: Page; complaints: string[] }> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, ...options });
    const complaints: string[] = [];
    // What the content security policy forbids shows here.
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(url, patience);
    return { page, complaints };
  }

  const row = (key: string): string => `tr[data-row="${key}"]`;
  const hit = (path = '/'): Promise<string> =>
    request(proxy.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);

  it('shows every server, and counts on without being loaded again', async () => {
    const { page, complaints } = await open();
    await page.waitForSelector(`${row('shop/shop-2')} .pill.up`, patience);
    expect(await page.locator('tbody tr').count()).toBe(6);
    await page.evaluate(() => Object.assign(globalThis, { untouched: true }));
    await Promise.all([hit(), hit(), hit('/search/x'), hit('/bad')]);
    await page.waitForSelector(`${row('shop')} .some`, patience);
    await page.waitForSelector('.spark .line', { state: 'attached', ...patience });
    expect(await page.evaluate(() => 'untouched' in globalThis)).toBe(true);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('shows a server going down', async () => {
    const { page } = await open();
    await page.waitForSelector(`${row('search/search-1')} .pill.up`, patience);
    servers[2]?.closeAllConnections();
    servers[2]?.close();
    await page.waitForSelector(`${row('search/search-1')} .pill.down`, patience);
    await page.close();
  });

  it('lets nobody drain without signing in, and an admin with a token', async () => {
    const { page, complaints } = await open();
    const drain = page.getByRole('button', { name: 'Drain shop/shop-1' });
    expect(await drain.isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('Token or password').fill('veza_wrong');
    await page.locator('dialog .first').click();
    await page.getByText('This is not accepted.').waitFor(patience);
    await page.getByLabel('Token or password').fill(token);
    await page.locator('dialog .first').click();
    await drain.click(patience);
    await page.waitForSelector(`${row('shop/shop-1')} .pill.warn`, patience);
    expect(await proxy.command('show servers state shop')).toMatch(/ 1 shop-1 127\.0\.0\.1 2 8 /);
    await page.getByRole('button', { name: 'Ready shop/shop-1' }).click(patience);
    await page.waitForSelector(`${row('shop/shop-1')} .pill.up`, patience);
    // The wrong token is a failed request, and nothing else went wrong.
    expect(complaints.filter((text) => !text.includes('401'))).toEqual([]);
    await page.close();
  });

  it('is whole without JavaScript, and fits a phone', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 390, height: 800 } });
    const page = await context.newPage();
    await page.goto(url, patience);
    expect(await page.locator('tbody tr').count()).toBe(6);
    expect(await page.getByRole('rowheader', { name: 'shop-1' }).isVisible()).toBe(true);
    expect(await page.getByRole('button').count()).toBe(await page.locator('button:visible').count());
    // The page refreshes itself: there may be none to measure at a moment.
    let width = 0;
    await until(async () => (width = (await page.locator('.page').boundingBox())?.width ?? 0) > 0);
    expect(width).toBeLessThanOrEqual(390);
    await context.close();
  });
});
