// Names of policies as people write them, and what each needs beside its name.
import { describe, expect, it } from 'vitest';
import { balanceNames, balanceWord } from '../../../src/proxy/core/config/balance-names.ts';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { aBackend } from '../support/builders.ts';

describe('names of policies', () => {
  it("are HAProxy's and what else is in use", () => {
    const meant = (text: string): string => balanceWord(text)?.policy ?? 'unknown';
    for (const name of ['round-robin', 'round_robin', 'roundrobin', 'RoundRobin', 'weighted-round-robin', 'rr'])
      expect(meant(name)).toBe('roundrobin');
    for (const name of ['least-connections', 'least_conn', 'leastconn']) expect(meant(name)).toBe('leastconn');
    for (const name of ['ip-hash', 'source', 'uri', 'hdr', 'url_param', 'consistent-hash'])
      expect(meant(name)).toBe('hash');
    expect(balanceWord('random(5)')).toMatchObject({ policy: 'random', draws: 5 });
    expect(meant('roundrobin(5)')).toBe('unknown');
    expect(meant('constructor')).toBe('unknown');
    for (const name of balanceNames) expect(meant(name)).not.toBe('unknown');
  });

  it('that are none are errors with a suggestion, and so is what a policy lacks', () => {
    const problems = (backend: object): string[] => {
      const text = JSON.stringify({
        frontends: [{ name: 'http', bind: ['*:80'] }],
        backends: [{ name: 'api', servers: [{ name: 'a', address: 'x', port: 1 }], ...backend }],
      });
      return readConfig(text, 'x.json').diagnostics.map(({ message, hint }) => `${message} | ${hint ?? ''}`);
    };
    expect(problems({ balance: 'roundrobbin' }).join()).toMatch(/no policy `roundrobbin` \| Did you mean `roundrobin`/);
    expect(problems({ balance: 'hash' }).join()).toContain('needs the key `hash`');
    expect(problems({ balance: 'hdr' }).join()).toContain('needs `name`');
    expect(problems({ balance: 'source', hash: { key: 'uri' } }).join()).toContain('hash.key says uri');
    expect(problems({ balance: 'leastconn', hash: { key: 'uri' } }).join()).toContain('means nothing');
    expect(problems({ balance: 'uri', hash: { type: 'map-based', balanceFactor: 150 } }).join()).toContain(
      'consistent',
    );
    expect(problems({ servers: [{ name: 'a', address: 'x', port: 1, minconn: 5, maxconn: 5 }] }).join()).toContain(
      'minconn',
    );
    expect(problems({ balance: 'source', hash: { ipv4Prefix: 24 } })).toEqual([]);
  });

  it('sticky-session brings its cookie', () => {
    expect(aBackend({ balance: 'sticky-session' })).toMatchObject({
      balance: 'roundrobin',
      cookie: { name: 'SESSION_SERVER' },
    });
  });
});
