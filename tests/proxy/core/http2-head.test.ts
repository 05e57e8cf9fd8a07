// The head of a request over HTTP/2 is what the same head is over HTTP/1, whatever its headers.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { http2Minor, readHttp2Head } from '../../../src/proxy/core/http/http2-head.ts';
import { parseRequestHead, type RequestHead } from '../../../src/proxy/core/http/request-head.ts';
import { Field } from '../../../src/proxy/core/http2/field.ts';

const limits = { headerBytes: 16_384, headers: 20, uriBytes: 100 };
const pseudo = [':method POST', ':scheme https', ':path /a?b', ':authority a.test'].map((text) => {
  const [name = '', value = ''] = text.split(' ');
  return new Field(name, value);
});

function read(fields: readonly (readonly [string, string])[]): ReturnType<typeof readHttp2Head> {
  return readHttp2Head([...pseudo, ...fields.map(([name, value]) => new Field(name, value))], true, limits, true);
}

/** All of a head, with its lines in the order of their names: over HTTP/2 those that matter come first. */
function facts(head: RequestHead): object {
  const lines = head.fields.split('\r\n').filter((line) => line !== '');
  const byName = lines.toSorted((one, other) => (one.split(':')[0] ?? '').localeCompare(other.split(':')[0] ?? ''));
  return Object.assign(structuredClone(head), { fields: byName });
}

describe('a head', () => {
  // Each name that the parser of HTTP/1 looks at, and others of the same lengths.
  const names = [
    ['te', 'trailers'],
    ['expect', '100-continue'],
    ['content-length', '5'],
    ['cookie', 'a=1'],
    ['idempotency-key', 'k'],
    ['x-forwarded-for', '192.0.2.1'],
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-host', 'b.test'],
    ['x-forwarded-port', '1'],
    ['x-real-ip', '192.0.2.1'],
    ['forwarded', 'for=192.0.2.1'],
    ['http2-settings', 'AAMAAABkAAQAoAAAAAIAAAAA'],
    ['accept', '*/*'],
    ['user-agent', 'x'],
    ['x-a', 'b\u00e9'],
    ['referer', 'https://a.test/'],
    ['cache-control', 'no-cache'],
    ['accept-language', 'en'],
  ] as const;

  it('is the same in both versions', () => {
    const lists = fc.array(fc.constantFrom(...names), { maxLength: 14 });
    fc.assert(
      fc.property(lists, (fields) => {
        const text = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
        const head = parseRequestHead(`POST /a?b HTTP/1.1\r\nHost: a.test\r\n${text}`, limits);
        const found = read(fields);
        if (head.refused) {
          expect(found).toEqual(head);
          return;
        }
        head.minor = http2Minor;
        if (!head.hasLength) head.length = -1;
        expect(found !== 'malformed' && !found.refused && facts(found)).toEqual(facts(head));
      }),
    );
  });

  it.each([
    ['a space in a name', [['a b', 'c']], 'malformed'],
    ['no name', [['', 'c']], 'malformed'],
    ['a name in upper case', [['X-A', 'c']], 'malformed'],
    ['a header of connections', [['connection', 'close']], 'malformed'],
    [
      'a pseudo-header after others',
      [
        ['x-a', 'b'],
        [':path', '/'],
      ],
      'malformed',
    ],
    ['a line break in a value', [['x-a', 'b\r\nc: d']], 400],
    ['another Host', [['host', 'b.test']], 400],
    [
      'more than one Host',
      [
        ['host', 'a.test'],
        ['host', 'a.test'],
      ],
      400,
    ],
    ['more headers than allowed', Array.from({ length: 20 }, () => ['x-a', 'b'] as const), 431],
    ['more bytes than allowed', [['x-a', 'b'.repeat(16_384)]], 431],
  ] as [string, [string, string][], 'malformed' | number][])('with %s is refused', (_what, fields, how) => {
    const found = read(fields);
    expect(found === 'malformed' || !found.refused ? found : found.status).toBe(how);
  });

  describe('of a tunnel', () => {
    const tunnel = (protocol: string, more: readonly (readonly [string, string])[] = [], method = 'CONNECT') => {
      const [, ...others] = pseudo;
      const first = [new Field(':method', method), new Field(':protocol', protocol)];
      const fields = more.map(([name, value]) => new Field(name, value));
      return (isOn = true, hasBody = true) => readHttp2Head([...first, ...others, ...fields], hasBody, limits, isOn);
    };
    const key = ['sec-websocket-key', 'AAAAAAAAAAAAAAAAAAAAAA=='] as const;

    it.each([true, false])('is that of an upgrade, without what is ours to say (goes on: %s)', (hasBody) => {
      const version = ['sec-websocket-version', '13'] as const;
      expect(tunnel('WebSocket', [version, key, ['expect', '100-continue']])(true, hasBody)).toMatchObject({
        method: 'GET',
        target: '/a?b',
        host: 'a.test',
        minor: http2Minor,
        length: 0,
        upgrade: 'websocket',
        expectContinue: false,
        fields: 'sec-websocket-version: 13\r\n',
      });
    });

    it('may have as many headers as are allowed', () => {
      const fields = Array.from({ length: 19 }, () => ['x-a', 'b'] as const);
      expect(tunnel('websocket', fields)()).toMatchObject({ refused: false });
      expect(tunnel('websocket', [...fields, ['x-a', 'b']])()).toMatchObject({ status: 431 });
    });

    it.each([
      ['of another kind', tunnel('connect-ip'), true, 501],
      ['with a length', tunnel('websocket', [['content-length', '0']]), true, 400],
      ['with another method', tunnel('websocket', [], 'GET'), true, 'malformed'],
      ['that was not offered', tunnel('websocket'), false, 'malformed'],
      ['of two kinds', tunnel('websocket', [[':protocol', 'websocket']]), true, 'malformed'],
    ] as const)('%s is refused', (_what, read, isOn, how) => {
      const found = read(isOn);
      expect(found === 'malformed' || !found.refused ? found : found.status).toBe(how);
    });
  });

  it('may have as many headers as are allowed, and the same Host again', () => {
    const fields = Array.from({ length: 18 }, () => ['x-a', 'b'] as const);
    expect(read([...fields, ['host', 'A.test']])).toMatchObject({ host: 'a.test', refused: false });
  });
});
