// The effect of a new configuration, in words.
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { diffConfigs, showDiff } from '../../../src/proxy/core/diff/diff.ts';

const before = `
timeouts: { connect: 5s }
stats: { socket: ['127.0.0.1:9100'] }
frontends:
  - name: www
    bind: ['*:80', '*:8080']
    rules:
      - { pathPrefix: /api, backend: api }
      - { pathPrefix: /old, respond: { status: 410 } }
    defaultBackend: web
  - { name: extra, bind: ['*:81'], defaultBackend: web }
backends:
  - { name: web, servers: [{ name: a, address: 192.0.2.1, port: 80 }, { name: b, address: 192.0.2.2, port: 80 }] }
  - { name: api, servers: [{ name: a, address: 192.0.2.3, port: 80 }] }
`;
const after = `
timeouts: { connect: 3000ms }
stats: { socket: ['127.0.0.1:9100'] }
frontends:
  - name: www
    bind: ['*:80', '*:443']
    rules:
      - { pathPrefix: /new, backend: web }
      - { pathPrefix: /api, backend: api }
    defaultBackend: web
    jwt: { algorithm: HS256, key: at-least-thirty-two-random-bytes-of-it }
backends:
  - name: web
    balance: leastconn
    check: { path: /health }
    servers: [{ name: a, address: 192.0.2.1, port: 80, weight: 3 }, { name: c, address: 192.0.2.4, port: 80 }]
  - { name: api, servers: [{ name: a, address: 192.0.2.9, port: 80 }] }
`;

function config(text: string) {
  const result = readConfig(text, 'x.yml');
  if (!result.ok) throw new Error(result.diagnostics.map(({ message }) => message).join('\n'));
  return result.config;
}

describe('the difference of two configurations', () => {
  const text = showDiff(diffConfigs(config(before), config(after))) ?? '';

  it.each([
    'process\n  ~ timeouts.connectMs: 5000 -> 3000',
    'frontend extra\n  - is gone',
    '- bind [::]:8080',
    '+ bind [::]:443',
    '- rule {pathPrefix: "/old"',
    '+ rule {pathPrefix: "/new"',
    '- server b',
    '+ server c at 192.0.2.4:80',
    '~ server a: weight: 1 -> 3',
    '~ balance: roundrobin -> leastconn',
    '- closes [::]:8080',
    '+ opens [::]:443',
    '+ web/c begins as `up`, and is checked',
    '~ api/a moves to 192.0.2.9:80',
    '- web/b finishes what it has',
    '= 1 of 3 servers keep health',
  ])('says %j', (part) => expect(text).toContain(part));

  it('shows no secrets', () => expect(text).not.toContain('thirty-two'));

  it('is nothing where only the writing differs', () => {
    expect(
      showDiff(diffConfigs(config(before), config(before.replace('connect: 5s', 'connect: 5000ms')))),
    ).toBeUndefined();
  });

  it('tells an order that changed', () => {
    const lines = /( +- \{ pathPrefix: \/api.*\n)( +- \{ pathPrefix: \/old.*\n)/;
    const turned = before.replace(lines, '$2$1');
    expect(showDiff(diffConfigs(config(before), config(turned)))).toContain('another order');
  });
});
