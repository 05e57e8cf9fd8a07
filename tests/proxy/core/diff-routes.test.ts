// Which requests go elsewhere after a change of rules.
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { diffConfigs } from '../../../src/proxy/core/diff/diff.ts';

const servers = 'servers: [{ name: a, address: 192.0.2.1, port: 80 }]';

function config(rules: string, more = '') {
  const text = `
frontends: [{ name: web, bind: ['*:80'], defaultBackend: one, rules: [${rules}] ${more} }]
backends: [{ name: one, ${servers} }, { name: two, ${servers} }]`;
  const result = readConfig(text, 'x.yml');
  if (!result.ok) throw new Error(result.diagnostics.map(({ message }) => message).join('\n'));
  return result.config;
}

/** What is told of requests. */
function effect(before: string, after: string, more = ''): readonly string[] {
  const { sections } = diffConfigs(config(before), config(after, more));
  return sections
    .flatMap(({ lines }) => lines)
    .filter((line) => line.startsWith('~ requests') || line.includes('such'));
}

describe('what a change of rules does to requests', () => {
  it('is told by their paths where hosts do not matter', () => {
    expect(effect('{ pathPrefix: /img, backend: one }', '{ pathPrefix: /img/, backend: two }')).toEqual([
      '~ requests for /img/* go to backend two, not to backend one',
    ]);
  });

  it('is told by hosts where they do', () => {
    expect(effect('', '{ host: shop.example.org, backend: two }')).toEqual([
      '~ requests for shop.example.org/* go to backend two, not to backend one',
    ]);
  });

  it('is nothing where another rule has the same effect', () => {
    const both = '{ path: /x, backend: two }, { pathPrefix: /x, backend: two }';
    expect(effect(both, '{ pathPrefix: /x, backend: two }')).toEqual([]);
  });

  it('is found when only the order changes', () => {
    const [wide, narrow] = ["{ host: '*.example.org', backend: one }", '{ pathPrefix: /api, backend: two }'];
    expect(effect(`${wide}, ${narrow}`, `${narrow}, ${wide}`)).toEqual([
      '~ requests for *.example.org/api/* go to backend two, not to backend one',
    ]);
    expect(effect(`${narrow}, ${wide}`, `${narrow}, ${wide}`, ', ruleOrder: specific')).toEqual([
      '~ requests for *.example.org/api/* go to backend one, not to backend two',
    ]);
  });

  it('is found behind methods, headers, queries, the scheme and names in handshakes', () => {
    const rule = "methods: [PUT], headers: { X-A: b }, query: { q: '1' }, scheme: https, sni: a.example.org";
    expect(effect('', `{ ${rule}, backend: two }`)).toEqual([
      '~ requests for /* (PUT, X-A: b, ?q=1, https, sni a.example.org) go to backend two, not to backend one',
    ]);
  });

  it('names answers and redirects', () => {
    const redirect = "{ path: /a, redirect: { location: 'https://example.org/' } }";
    expect(effect(redirect, '{ path: /a, respond: { status: 410 } }')).toEqual([
      '~ requests for /a go to an answer 410, not to a redirect',
    ]);
  });

  it('is cut where there is too much of it', () => {
    const rules = Array.from({ length: 40 }, (_, index) => `{ path: /${index}, backend: two }`).join(', ');
    const lines = effect('', rules);
    expect(lines).toHaveLength(26);
    expect(lines.at(-1)).toBe('~ and 15 more such requests go elsewhere');
  });
});
