// Lines of the logs: formats, what is escaped, what is masked.
import { describe, expect, it } from 'vitest';
import { formatterOf } from '../../../src/proxy/core/logging/access-format.ts';
import type { AccessRecord } from '../../../src/proxy/core/logging/access-record.ts';
import { capturedCookie, setCookies } from '../../../src/proxy/core/logging/capture.ts';
import { formatProblems, httplogFormat } from '../../../src/proxy/core/logging/log-format.ts';
import {
  entryJson,
  entryText,
  isAtLeast,
  masked,
  maskedText,
  syslogHead,
} from '../../../src/proxy/core/logging/entry.ts';
import { parseLogTarget } from '../../../src/proxy/core/logging/target.ts';

const record: AccessRecord = {
  mode: 'http',
  clientAddress: '192.0.2.7',
  clientPort: 40123,
  atMs: new Date(2026, 10, 21, 7, 30, 1, 45).getTime(),
  frontend: 'web',
  backend: 'api',
  server: 'a',
  handshakeMs: 0,
  idleMs: 0,
  headMs: 0.4,
  queueMs: 0,
  connectMs: 1.6,
  responseMs: 12,
  totalMs: 20,
  status: 200,
  bytes: 1234,
  bytesIn: 10,
  termination: '----',
  active: 3,
  frontendConnections: 2,
  backendConnections: 1,
  serverConnections: 1,
  retries: 1,
  attempt: 1,
  redispatched: true,
  serverQueue: 0,
  backendQueue: 4,
  method: 'GET',
  target: '/a?b="c"',
  protocol: 'HTTP/1.1',
  host: 'example.org',
  requestId: '',
  referer: 'https://example.org/"x"',
  userAgent: 'curl/8',
  requestCaptures: undefined,
  responseCaptures: undefined,
  tls: undefined,
  extra: undefined,
};

function line(of: AccessRecord, format: string): string {
  return formatterOf(format, { host: 'proxy1', pid: 4711 }).format(of);
}

/** What only some formats ask for. */
const extra = {
  requestCookie: 'S="1"',
  responseCookie: '',
  localAddress: '192.0.2.1',
  localPort: 443,
  serverAddress: '10.0.0.1',
  serverPort: 8080,
  texts: ['www.example.org', 'www.example.org'],
};

describe('the access log', () => {
  it('has HAProxy httplog, in local time, with what could break the line as # and two digits', () => {
    expect(line(record, 'httplog')).toBe(
      '192.0.2.7:40123 [21/Nov/2026:07:30:01.045] web api/a 0/0/2/12/20 200 1234 - - ---- 3/2/1/1/+1 0/4 "GET /a?b=#22c#22 HTTP/1.1"',
    );
  });

  it('shows captured headers in braces, also empty ones', () => {
    const captured = { ...record, requestCaptures: ['example.org', '', 'a|b{'], responseCaptures: ['text/html'] };
    expect(line(captured, 'httplog')).toContain(' 0/4 {example.org||a#7Cb#7B} {text/html} "GET ');
  });

  it('says what was not reached', () => {
    const refused = { ...record, method: '', headMs: -1, queueMs: -1, connectMs: -1, responseMs: -1, status: 400 };
    expect(line({ ...refused, server: '<NOSRV>', backend: 'web' }, 'httplog')).toMatch(
      / web web\/<NOSRV> -1\/-1\/-1\/-1\/20 400 .* "<BADREQ>"$/,
    );
  });

  it('has tcplog for TCP, with two characters of termination', () => {
    expect(line({ ...record, mode: 'tcp', termination: 'CD--' }, 'httplog')).toBe(
      '192.0.2.7:40123 [21/Nov/2026:07:30:01.045] web api/a 0/2/20 1234 CD 3/2/1/1/+1 0/4',
    );
  });

  it('has the combined format that tools for Apache read', () => {
    const text = line(record, 'clf');
    const combined = /^(\S+) \S+ \S+ \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+) "([^"]*)" "([^"]*)"/.exec(text);
    expect(combined?.slice(3)).toEqual([
      'GET /a?b=#22c#22 HTTP/1.1',
      '200',
      '1234',
      'https://example.org/#22x#22',
      'curl/8',
    ]);
    expect(combined?.[2]).toMatch(/^\d\d\/Nov\/2026:\d\d:\d\d:\d\d \+0000$/);
  });

  it('has JSON that is ASCII whatever a header holds', () => {
    const text = line({ ...record, userAgent: 'caf\u00e9', requestId: 'r1' }, 'json');
    expect(text).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.parse(text)).toMatchObject({
      status: 200,
      userAgent: 'caf\u00e9',
      requestId: 'r1',
      times: { request: 0, queue: 0, connect: 2, response: 12, total: 20 },
    });
  });

  it('has JSON with the cookies that were captured', () => {
    expect(JSON.parse(line({ ...record, extra }, 'json'))).toMatchObject({ requestCookie: 'S="1"' });
    expect(JSON.parse(line({ ...record, extra }, 'json'))).not.toHaveProperty('responseCookie');
  });
});

describe('a log-format', () => {
  it('of HAProxy itself gives the same line as httplog', () => {
    const rich = { ...record, requestCaptures: ['a', ''], responseCaptures: ['b'], redispatched: false };
    for (const each of [record, rich]) expect(line(each, httplogFormat)).toBe(line(each, 'httplog'));
  });

  it('has what is only asked for by some', () => {
    const tls = { sni: 'www.example.org', version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', client: undefined };
    const format = '%H[%pid] %ft %fi:%fp %si:%sp %CC %CS %sslv/%sslc %[ssl_fc_sni] %Td %ms %{+Q}[ssl_fc_sni] 100%%';
    expect(line({ ...record, extra, tls }, format)).toBe(
      'proxy1[4711] web~ 192.0.2.1:443 10.0.0.1:8080 S=#221#22 - TLSv1.3/TLS_AES_128_GCM_SHA256 www.example.org 6 045 "www.example.org" 100%',
    );
  });

  it('leaves TCP sessions to tcplog', () => {
    expect(line({ ...record, mode: 'tcp' }, '%HU')).toBe(line({ ...record, mode: 'tcp' }, 'httplog'));
  });

  it.each([
    ['%ci %Tx', 'there is no variable `%Tx`', 'Did you mean `%T`?'],
    ['%hm', 'there is no variable `%hm`', 'Did you mean `%HM`?'],
    ['%[ssl_fc_sn]', '`%[ssl_fc_sn]` cannot be logged', 'Did you mean `%[ssl_fc_sni]`?'],
    ['50 % of', '`%` needs the name of a variable', 'Write `%%` for the sign itself.'],
    ['%{+X}B', '`+X` is no option of a variable here', 'There is +Q: in quotes.'],
  ])('%s is refused with what was meant', (format, message, hint) => {
    expect(formatProblems(format)).toMatchObject([{ message, hint }]);
  });
});

describe('a captured cookie', () => {
  it.each([
    [['a=b; SESSION=1; c=d'], 'SESS', 20, 'SESSION=1'],
    [['S2=x; S=0123456789'], 'S=', 9, 'S=0123456'],
    [['a=b'], 'S', 20, ''],
    [[], 'S', 20, ''],
  ])('%j %s', (values, name, length, found) => {
    expect(capturedCookie(values, { name, length })).toBe(found);
  });

  it('of a response is what is set, without its attributes', () => {
    const fields = 'Server: x\r\nSet-Cookie: a=1; path=/\r\nset-cookie:  b=2\r\n';
    expect(setCookies(fields)).toEqual(['a=1', 'b=2']);
  });
});

describe('targets of logs', () => {
  it.each([
    ['off', { kind: 'off' }],
    ['/var/log/x.log', { kind: 'file', path: '/var/log/x.log' }],
    ['syslog', { kind: 'unix', path: '/dev/log' }],
    ['unix:/run/log', { kind: 'unix', path: '/run/log' }],
    ['udp://127.0.0.1', { kind: 'udp', host: '127.0.0.1', port: 514 }],
    ['udp://[::1]:5140', { kind: 'udp', host: '::1', port: 5140 }],
    ['udp://host:70000', undefined],
    ['relative.log', undefined],
  ])('%s', (text, target) => expect(parseLogTarget(text)).toEqual(target));
});

describe('the operational log', () => {
  it('hides the values of secret names at any depth, and no others', () => {
    expect(
      masked({
        user: 'a',
        password: 'x',
        nested: [{ apiKey: 'y', api_key: 'z', Authorization: 'Bearer q' }],
        count: 1,
      }),
    ).toEqual({
      user: 'a',
      password: '********',
      nested: [{ apiKey: '********', api_key: '********', Authorization: '********' }],
      count: 1,
    });
  });

  it.each([
    ['login with password=hunter22 failed', 'login with password=******** failed'],
    ['Authorization: Bearer abc.def.ghi', 'Authorization: ********'],
    ['sent Bearer abcdefgh to x', 'sent Bearer ******** to x'],
    ['GET /?token=abc&x=1', 'GET /?token=********&x=1'],
    ['server api/a is UP', 'server api/a is UP'],
  ])('masks in texts: %s', (text, shown) => expect(maskedText(text)).toBe(shown));

  it('is written for people, as JSON and for syslog', () => {
    const entry = {
      atMs: Date.UTC(2026, 10, 21),
      level: 'warn',
      message: 'x',
      fields: { a: 1, b: 'two words' },
    } as const;
    expect(entryText(entry, true)).toBe('2026-11-21T00:00:00.000Z warn: x a=1 b="two words"');
    expect(JSON.parse(entryJson(entry))).toEqual({
      time: '2026-11-21T00:00:00.000Z',
      level: 'warn',
      message: 'x',
      a: 1,
      b: 'two words',
    });
    const at = new Date(2026, 10, 1, 7, 3, 9).getTime();
    expect(syslogHead(16, 'info', at, 'veza-proxy', 12)).toBe('<134>Nov  1 07:03:09 veza-proxy[12]: ');
  });

  it('knows which levels are below', () => {
    expect(isAtLeast('warn', 'info')).toBe(true);
    expect(isAtLeast('debug', 'info')).toBe(false);
  });
});
