// What is secret in a configuration and in the environment stays hidden from those who only look on.
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { secretTexts, shownEnvironment, withoutSecrets } from '../../../src/proxy/core/config/secrets.ts';
import { diffConfigs, showDiff } from '../../../src/proxy/core/diff/diff.ts';

const document = {
  admin: { users: { alice: { password: 'scrypt:hash', role: 'admin' } }, tokenFile: '/etc/tokens.json' },
  expiryAlerts: { webhook: 'https://hooks.example.org/T0/B1' },
  frontends: [
    {
      jwt: { algorithm: 'HS256', key: 'key-of-the-tokens' },
      basicAuth: { users: { bob: '$5$salt$hash' } },
      tls: { certificates: [{ cert: '/c.pem', key: '/k.pem' }] },
      plugins: [{ module: './p.mjs', options: { deep: { apiToken: 'of-the-plugin' } } }],
      rules: [{ headers: { 'X-Api-Key': { regex: 'k-[0-9]' } }, query: { page: '1', token: 't0k' } }],
      requestHeaders: {
        set: { Authorization: 'Basic eDp5', 'X-Via': 'edge' },
        replace: [{ header: 'X-Auth-Token', pattern: '.*', to: 'replaced' }],
      },
    },
  ],
  backends: [
    { cookie: { name: 'S', secret: 'of-the-cookies!!' }, check: { send: 'AUTH pw' }, hash: { key: 'source' } },
  ],
};

describe('a document without its secrets', () => {
  it('has ******** where a value is secret, and all else as it is', () => {
    const shown = JSON.stringify(withoutSecrets(document));
    for (const secret of secretTexts(document)) expect(shown).not.toContain(secret);
    for (const open of [
      '/etc/tokens.json',
      '"role":"admin"',
      '/k.pem',
      'HS256',
      '"page":"1"',
      '"X-Via":"edge"',
      '"key":"source"',
    ])
      expect(shown).toContain(open);
  });

  it('lacks every secret that there is', () => {
    expect([...secretTexts(document)]).toEqual([
      'scrypt:hash',
      'https://hooks.example.org/T0/B1',
      'key-of-the-tokens',
      '$5$salt$hash',
      'of-the-plugin',
      'k-[0-9]',
      't0k',
      'Basic eDp5',
      'replaced',
      'of-the-cookies!!',
      'AUTH pw',
    ]);
  });
});

describe('the environment', () => {
  const shown = (environment: Readonly<Record<string, string>>, texts: readonly string[] = []) =>
    Object.fromEntries(shownEnvironment(environment, { document, texts }));

  it('is shown without what looks secret by its name or its form', () => {
    expect(
      shown({
        PORT: '8080',
        PWD: '/srv',
        DB_PASSWORD: 'x1',
        API_KEY: 'x2',
        AWS_ACCESS_KEY_ID: 'x3',
        EMPTY_TOKEN: '',
        STORE: 'postgres://app:x4@db/x',
        HEADER: 'Bearer abcdefgh',
      }),
    ).toEqual({
      PORT: '8080',
      PWD: '/srv',
      DB_PASSWORD: '********',
      API_KEY: '********',
      AWS_ACCESS_KEY_ID: '********',
      EMPTY_TOKEN: '',
      STORE: 'postgres://app:********@db/x',
      HEADER: 'Bearer ********',
    });
  });

  it('is shown without what the configuration filled into a secret, whatever its name is', () => {
    expect(shown({ A: 'of-the-cookies!!', B: 'eDp5', C: 'source', D: 'of' })).toEqual({
      A: '********',
      B: '********',
      C: 'source',
      D: 'of',
    });
  });

  it('is shown without what stands in a line about a secret, though only its hash is kept', () => {
    const text = 'backend app\n  server a "${HOST}"\nuserlist staff\n  user bob insecure-password "${BOB}"\n';
    expect(shown({ HOST: 'h', BOB: 'b' }, [text])).toEqual({ HOST: 'h', BOB: '********' });
  });
});

describe('a difference', () => {
  const config = (value: string) => {
    const rule = `{ path: /x, backend: a, requestHeaders: { set: { Authorization: ${value} } } }`;
    const text = `
frontends: [{ name: www, bind: ['*:80'], defaultBackend: a, requestHeaders: { set: { X-Token: ${value} } }, rules: [${rule}] }]
backends: [{ name: a, servers: [{ name: s, address: 192.0.2.1, port: 80 }] }]
`;
    const result = readConfig(text, 'x.yml');
    if (!result.ok) throw new Error('not valid');
    return result.config;
  };

  it('tells that a secret changes, and not from what to what', () => {
    const text = showDiff(diffConfigs(config('before1'), config('after22'))) ?? '';
    expect(text).toContain('~ handling.requestHeaders.set.X-Token changes');
    expect(text).toMatch(/~ rule \{.*"?\/x"?.*\*{8}.*\}: a secret in it changes/);
    expect(text).not.toMatch(/before1|after22/);
  });

  it('tells which requests go elsewhere without the secrets that they need', () => {
    const guarded = (backend: string) => {
      const rule = `{ headers: { X-Api-Key: k3y }, query: { token: t0k, page: '1' }, backend: ${backend} }`;
      const server = 'servers: [{ name: s, address: 192.0.2.1, port: 80 }]';
      const result = readConfig(
        `frontends: [{ name: www, bind: ['*:80'], defaultBackend: a, rules: [${rule}] }]
backends: [{ name: a, ${server} }, { name: b, ${server} }]`,
        'x.yml',
      );
      if (!result.ok) throw new Error('not valid');
      return result.config;
    };
    const told = showDiff(diffConfigs(guarded('a'), guarded('b'))) ?? '';
    expect(told).toContain('(X-Api-Key: ********, ?token=********&page=1) of other hosts go to backend b');
    expect(told).not.toMatch(/k3y|t0k/);
  });
});
