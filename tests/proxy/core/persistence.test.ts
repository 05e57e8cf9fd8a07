// What persistence cookies say: dates in HAProxy's form, values that tell nothing, cookies of applications.
import { describe, expect, it } from 'vitest';
import type { CookieConfig } from '../../../src/proxy/core/config/model.ts';
import { insertedCookie } from '../../../src/proxy/core/http/cookie.ts';
import { markedSetCookie, persistenceValue, readPersistence } from '../../../src/proxy/core/http/persistence.ts';
import { parseResponseHead } from '../../../src/proxy/core/http/response-head.ts';
import { aBackend } from '../support/builders.ts';

function aCookie(cookie: object = {}): CookieConfig {
  const { cookie: config } = aBackend({ cookie: { name: 'S', ...cookie } });
  if (!config) throw new Error('no cookie');
  return config;
}

/** When HAProxy 2.6.12 wrote `awGlO`. */
const then = 1_795_269_944;

describe('dates', () => {
  const limited = aCookie({ maxidle: '10m', maxlife: '1h' });

  it('are written as HAProxy writes them', () => {
    expect(persistenceValue(limited, 'c1', 0, then)).toBe('c1|awGlO|awGlO');
    expect(persistenceValue(limited, 'c1', then, then + 400)).toBe('c1|awGmy|awGlO');
    expect(persistenceValue(aCookie({ maxidle: '10m' }), 'c1', 0, then)).toBe('c1|awGlO');
    expect(persistenceValue(aCookie(), 'c1', 0, then)).toBe('c1');
  });

  it.each([
    ['fresh', 'S=c1|awGlO|awGlO', 30, 'c1', false],
    ['to be renewed', 'S=c1|awGlO|awGlO', 300, 'c1', true],
    ['idle for too long', 'S=c1|awGlO|awGlO', 700, undefined, false],
    ['too old, though used', 'S=c1|awJkO|awGlO', 3700, undefined, false],
    ['without dates', 'S=c1', 0, 'c1', true],
    ['with a date of tomorrow', 'S=c1|awGlO|awGlO', -90_000, 'c1', true],
    ['with nonsense for dates', 'S=c1|%%%%%|x', 0, 'c1', true],
    ['not there', 'a=b', 0, undefined, false],
  ])('%s', (_name, header, later, id, renew) => {
    expect(readPersistence(header, limited, then + later)).toMatchObject({ id, renew });
  });

  it('leave the day of the first visit as it was', () => {
    const { firstSeconds } = readPersistence('S=c1|awGlO|awGlO', limited, then + 300);
    expect(Math.abs(firstSeconds - then)).toBeLessThan(4);
  });
});

describe('a secret', () => {
  const servers = ['a', 'b'].map((name, index) => ({ name, address: '192.0.2.1', port: 80 + index }));
  const words = (secret: string | undefined): string[] =>
    aBackend({ cookie: { name: 'S', ...(secret !== undefined && { secret }) }, servers }).servers.map(
      ({ cookie }) => cookie,
    );

  it('makes values that say nothing, the same under the same secret', () => {
    const [first, second] = words('sixteen characters');
    expect(first).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(first).not.toBe(second);
    expect(words('sixteen characters')).toEqual([first, second]);
    expect(words('another secret of it')).not.toContain(first);
    expect(words(undefined)).toEqual(['a', 'b']);
  });
});

describe('Secure', () => {
  const head = parseResponseHead('HTTP/1.1 200 OK\r\n', false);
  if (typeof head === 'string') throw new Error(head);
  it.each([
    ['auto', false, false],
    ['auto', true, true],
    [true, false, true],
    [false, true, false],
  ])('%s, over TLS %s: %s', (secure, isTls, expected) => {
    const line = insertedCookie(aCookie({ secure }), 'c1', head, { method: 'GET', isTls });
    expect(line.includes('; Secure')).toBe(expected);
  });
});

describe('a cookie of the application', () => {
  it('has the server in front of its value, which the application does not see', () => {
    const config = aCookie({ mode: 'prefix' });
    const fields = 'Set-Cookie: S=abc; Path=/\r\nset-cookie: T=1\r\n';
    expect(markedSetCookie(config, fields, 'c1')).toBe('Set-Cookie: S=c1~abc; Path=/\r\nset-cookie: T=1\r\n');
    expect(readPersistence('x=y; S=c1~abc', config, then)).toMatchObject({ id: 'c1', rest: 'x=y; S=abc' });
    expect(readPersistence('S=c1~a~b', config, then)).toMatchObject({ id: 'c1', rest: 'S=a~b' });
    expect(readPersistence('S=abc', config, then)).toMatchObject({ id: undefined, rest: 'S=abc' });
  });

  it('is replaced by the server with rewrite', () => {
    const config = aCookie({ mode: 'rewrite' });
    expect(markedSetCookie(config, 'Set-Cookie: S=abc; Path=/\r\n', 'c1')).toBe('Set-Cookie: S=c1; Path=/\r\n');
    expect(readPersistence('S=c1; a=b', config, then)).toMatchObject({ id: 'c1', rest: 'S=c1; a=b' });
  });
});
