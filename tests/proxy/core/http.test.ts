// Cookies, retries, chunks, routing, timers: the small pure parts.
import { describe, expect, it } from 'vitest';
import { ChunkedDecoder } from '../../../src/proxy/core/http/chunked.ts';
import { insertedCookie, takeCookie, withoutSetCookie } from '../../../src/proxy/core/http/cookie.ts';
import { parseResponseHead, ResponseHead } from '../../../src/proxy/core/http/response-head.ts';
import { mayRetry, RetryBudget } from '../../../src/proxy/core/retry.ts';
import { TimerWheel, WheelTimer } from '../../../src/proxy/core/timer-wheel.ts';
import { parseWeight } from '../../../src/proxy/core/stats/server-commands.ts';
import { RateTracker } from '../../../src/proxy/core/stats/rates.ts';
import { statsPage } from '../../../src/proxy/core/stats/page/page.ts';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { aBackend, seeded } from '../support/builders.ts';

describe('the persistence cookie', () => {
  it.each([
    ['a=1; SERVERID=c2; b=2', 'c2', 'a=1; b=2'],
    ['SERVERID=c2', 'c2', ''],
    ['SERVERID="c2"; a=1', 'c2', 'a=1'],
    ['XSERVERID=c2', undefined, 'XSERVERID=c2'],
    ['a=SERVERID', undefined, 'a=SERVERID'],
    ['SERVERID=x; SERVERID=y; a=1', 'x', 'a=1'],
  ])('is taken out of %s', (header, value, rest) => {
    expect(takeCookie(header, 'SERVERID')).toEqual({ value, rest });
  });

  it.each([
    [{}, '; HttpOnly'],
    [{ httponly: false }, ''],
    [{ secure: true, domain: 'example.org', samesite: 'Lax' }, '; HttpOnly; Secure; domain=example.org; SameSite=Lax'],
  ])('is set with the attributes of %j', (attributes, expected) => {
    const { cookie } = aBackend({ cookie: { name: 'SERVERID', ...attributes } });
    if (!cookie) throw new Error('no cookie');
    const head = new ResponseHead();
    head.status = 200;
    expect(insertedCookie(cookie, 'c1', head, { method: 'GET', isTls: false })).toBe(
      `Set-Cookie: SERVERID=c1; path=/${expected}\r\n`,
    );
  });

  it.each([
    ['GET', 'ETag: "x"\r\n', true],
    ['GET', 'Cache-Control: max-age=60\r\n', true],
    ['GET', '', false],
    ['POST', 'ETag: "x"\r\n', false],
    ['GET', 'ETag: "x"\r\nCache-Control: private\r\n', false],
  ])('makes %s with %j private: %s', (method, fields, isPrivate) => {
    const head = parseResponseHead(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${fields}`, false);
    const { cookie } = aBackend({ cookie: { name: 'SERVERID' } });
    if (typeof head === 'string' || !cookie) throw new Error('no head');
    expect(insertedCookie(cookie, 'c1', head, { method, isTls: false }).includes('Cache-Control: private')).toBe(
      isPrivate,
    );
  });

  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ secure: false }, true, false],
    [{ secure: true }, false, true],
  ])('with %j to a client with TLS %j is marked as secure: %j', (attributes, tls, expected) => {
    const { cookie } = aBackend({ cookie: { name: 'SERVERID', ...attributes } });
    if (!cookie) throw new Error('no cookie');
    expect(insertedCookie(cookie, 'c1', new ResponseHead(), { method: 'GET', isTls: tls }).includes('; Secure')).toBe(
      expected,
    );
  });

  it('set by a server under the same name is taken out, others stay', () => {
    const fields = 'Set-Cookie: SERVERID=x\r\nSet-Cookie: a=SERVERID=1\r\nX: y\r\n';
    expect(withoutSetCookie(fields, 'SERVERID')).toBe('Set-Cookie: a=SERVERID=1\r\nX: y\r\n');
  });
});

describe('responses of servers', () => {
  it.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n', 'more than one Content-Length'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n', 'contradictory framing'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n', 'unsupported Transfer-Encoding'],
    ['HTTP/1.1 200 OK\r\nContent-Length: x\r\n', 'malformed Content-Length'],
    ['HTTP/1.1 20 OK\r\n', 'malformed status line'],
    ['HTTP/2 200 OK\r\n', 'malformed status line'],
    ['HTTP/1.1 200 OK\r\nBad Name: x\r\n', 'malformed header line'],
  ])('%j is refused', (text, reason) => {
    expect(parseResponseHead(text, false)).toBe(reason);
  });

  it.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n', false, 5, true],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n', true, 0, true],
    ['HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n', false, 0, true],
    ['HTTP/1.1 204 No Content\r\n', false, 0, true],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n', false, -1, true],
    ['HTTP/1.1 200 OK\r\n', false, -2, false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 5\r\n', false, 5, false],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n', false, 5, false],
    ['HTTP/1.1 200\r\nContent-Length: 5\r\n', false, 5, true],
  ])('%j to HEAD %s: length %i, kept %s', (text, bodiless, length, keepAlive) => {
    expect(parseResponseHead(text, bodiless)).toMatchObject({ length, keepAlive });
  });
});

describe('chunked bodies', () => {
  it('are decoded the same however they are cut', () => {
    const text = '5;x=y\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nX-Sum: 1\r\n\r\nrest';
    for (let seed = 0; seed < 200; seed += 1) {
      const random = seeded(seed);
      const bytes = Buffer.from(text);
      const decoder = new ChunkedDecoder();
      let data = '';
      let used = 0;
      for (let at = 0; at < bytes.length && decoder.state !== 'done';) {
        const cut = Math.min(bytes.length, at + 1 + Math.floor(random() * 9));
        const piece = bytes.subarray(at, cut);
        const ranges: number[] = [];
        used = at + decoder.feed(piece, 0, ranges);
        for (let index = 0; index < ranges.length; index += 2)
          data += piece.toString('latin1', ranges[index], ranges[index + 1]);
        at = cut;
      }
      expect({ data, rest: text.slice(used), trailers: decoder.trailers }).toEqual({
        data: 'hello0123456789abcdef',
        rest: 'rest',
        trailers: 'X-Sum: 1\r\n',
      });
    }
  });
});

describe('chunked bodies that other readers take differently', () => {
  it.each([
    ['a blank behind the size', '5 \r\nhello\r\n0\r\n\r\n'],
    ['a blank before an extension', '5 ;x\r\nhello\r\n0\r\n\r\n'],
    ['an extension without a name', '5;\r\nhello\r\n0\r\n\r\n'],
    ['a quoted extension', '5;x="y"\r\nhello\r\n0\r\n\r\n'],
    ['an extension with two values', '5;x=y=z\r\nhello\r\n0\r\n\r\n'],
    ['a trailer that frames', '0\r\nContent-Length: 3\r\n\r\n'],
    ['a trailer that routes', '0\r\nhost: y\r\n\r\n'],
  ])('%s', (_name, text) => {
    const decoder = new ChunkedDecoder();
    decoder.feed(Buffer.from(text), 0, []);
    expect(decoder.state).toBe('failed');
  });
});

describe('retries', () => {
  const base = {
    method: 'GET',
    hasIdempotencyKey: false,
    sent: true,
    bodyKept: true,
    policy: 'idempotency-key',
  } as const;
  it.each([
    ['GET, sent', {}, true],
    ['PUT, sent', { method: 'PUT' }, true],
    ['POST, sent', { method: 'POST' }, false],
    ['POST with a key, sent', { method: 'POST', hasIdempotencyKey: true }, true],
    ['POST, nothing sent', { method: 'POST', sent: false }, true],
    ['POST with a key under unsent', { method: 'POST', hasIdempotencyKey: true, policy: 'unsent' }, false],
    ['POST under always', { method: 'POST', policy: 'always' }, true],
    ['POST, nothing sent, under never', { method: 'POST', sent: false, policy: 'never' }, false],
    ['PATCH, sent', { method: 'PATCH' }, false],
    ['an unknown method, sent', { method: 'BREW' }, false],
    ['GET whose body is not kept', { bodyKept: false }, false],
  ])('%s', (_name, change, expected) => {
    expect(mayRetry({ ...base, ...change } as Parameters<typeof mayRetry>[0])).toBe(expected);
  });

  it('are limited to a share of the requests, beyond ten a second', () => {
    const budget = new RetryBudget();
    const take = (): number => Array.from({ length: 2000 }, () => budget.take(1000, 20)).filter(Boolean).length;
    expect(take()).toBe(100);
    for (let count = 0; count < 1000; count += 1) budget.request(1000);
    expect(take()).toBe(200);
    expect(budget.take(12_000, 20)).toBe(true);
  });
});

describe('the timer wheel', () => {
  class Probe extends WheelTimer {
    readonly fired: number[] = [];
    override onTimer(nowMs: number): void {
      this.fired.push(nowMs);
    }
  }

  it('fires never early, at most a tick late, whatever is moved, removed or far away', () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const random = seeded(seed);
      const wheel = new TimerWheel(0, 50, 64);
      const timers = Array.from({ length: 30 }, () => new Probe());
      const due = new Map<Probe, number>();
      for (let now = 0; now < 20_000; now += 10) {
        const timer = timers[Math.floor(random() * timers.length)];
        if (timer && random() < 0.05) {
          const delay = Math.floor(random() * 9000);
          wheel.arm(timer, now, delay);
          due.set(timer, now + delay);
        } else if (timer && random() < 0.01) {
          if (random() < 0.5) wheel.remove(timer);
          else wheel.disarm(timer);
          due.delete(timer);
        }
        wheel.advance(now);
        for (const each of timers) {
          const at = each.fired.pop();
          const expected = due.get(each);
          if (at !== undefined) {
            if (expected === undefined || expected > at) throw new Error(`seed ${seed}: fired early`);
            due.delete(each);
          } else if (expected !== undefined && now - expected > 110) {
            throw new Error(`seed ${seed}: fired late`);
          }
        }
      }
    }
  });
});

describe('small things', () => {
  it.each([
    ['50%', 1, 0],
    ['50%', 10, 5],
    ['7', 1, 7],
    ['3000%', 10, 256],
    ['257', 1, 'Absolute weight can only be between 0 and 256 inclusive.'],
    ['-5%', 1, 'Relative weight must be positive.'],
    ['x', 1, 'Empty weight string empty or preceded by garbage'],
  ])('weight %s of %i is %s', (text, initial, expected) => {
    expect(parseWeight(text, initial)).toBe(expected);
  });

  it('escapes everything on the statistics page', () => {
    const page = statsPage([{ pxname: '<b>&"\'', svname: '<i>', status: '<s>', type: 1, last_chk: '<u>' }], {
      title: '<t>',
      refreshMs: 5000,
      workers: 1,
      pid: 1,
      uptimeMs: 0,
      uri: '/"><x>',
      idlePercent: 100,
      hasAdmin: false,
      stuck: new Map(),
      rates: new RateTracker(),
    });
    for (const tag of ['<b>', '<i>', '<s>', '<t>', '<x>']) expect(page).not.toContain(tag);
    expect(page).toContain('&lt;b&gt;&amp;&quot;&#39;');
  });

  it('reads a configuration error with its place and a suggestion', () => {
    const result = readConfig('frontends:\n  - name: a\n    bnd: ["*:80"]\n    bind: ["*:80"]\nbackends: 5\n', 'x.yml');
    expect(result.ok).toBe(false);
    expect(result.diagnostics).toMatchObject([
      { code: 'unknown-key', where: { file: 'x.yml', line: 3, column: 5 }, hint: 'Did you mean `bind`?' },
      { code: 'bad-type', where: { line: 5 } },
    ]);
  });
});
