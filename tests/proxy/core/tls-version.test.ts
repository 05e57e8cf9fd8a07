// Rules about the version of TLS: in mode tcp by what the client offers at most, and as a haproxy.cfg compares it.
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { helloVersionTest } from '../../../src/proxy/core/convert/haproxy/measures.ts';
import { compileTcpRouter } from '../../../src/proxy/core/tcp-routing.ts';

describe('the highest version of TLS that a client offers', () => {
  it.each([
    [0x0301, 'old'],
    [0x0302, 'old'],
    [0x0303, 'new'],
    [0x0304, 'newest'],
    [0x0305, 'newest'],
  ])('chooses the backend: %d goes to %s', (version, expected) => {
    const server = (name: string): string => `{ name: ${name}, servers: [{ name: a, address: 192.0.2.1, port: 1 }] }`;
    const rules = '{ tlsVersion: [TLSv1, TLSv1.1], backend: old }, { not: [{ tlsVersion: [TLSv1.3] }], backend: new }';
    const result = readConfig(
      `frontends: [{ name: f, mode: tcp, bind: ['127.0.0.1:1'], defaultBackend: newest, rules: [${rules}] }]
backends: [${['old', 'new', 'newest'].map(server).join(', ')}]`,
      'x.yml',
    );
    const frontend = result.ok ? result.config.frontends[0] : undefined;
    if (!frontend) throw new Error(result.diagnostics.map(({ message }) => message).join());
    const router = compileTcpRouter(frontend);
    expect(router.inspectMs).toBeGreaterThan(0);
    expect(router.backendOf({ peer: undefined, hello: { sni: '', alpn: [], version } })).toBe(expected);
  });
});

describe('`req.ssl_ver`', () => {
  it.each([
    [['3.3'], [{ tlsVersion: ['TLSv1.2', 'TLSv1.3'] }]],
    [['lt', '3.3'], [{ tlsVersion: ['SSLv3', 'TLSv1', 'TLSv1.1'] }]],
    [['3.1:3.2'], [{ tlsVersion: ['TLSv1', 'TLSv1.1'] }]],
    [['ge', '3'], [{ scheme: 'https' }]],
    [['3.4'], []],
  ])('%j means the versions that say so in their hello', (values, conditions) => {
    expect(helloVersionTest(values)).toEqual({ kind: 'one-of', conditions });
  });

  it('of something else is not understood', () => {
    expect(helloVersionTest(['new'])).toEqual({ kind: 'unknown' });
  });
});
