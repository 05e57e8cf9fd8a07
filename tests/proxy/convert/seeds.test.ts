// Files of Mogoly and terraster -> ours (golden output), and old keys in our own files.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Diagnostic, formatDiagnostic } from '../../../src/lib/diagnostic.ts';
import { judgeTree, readConfig, readSources } from '../../../src/proxy/core/config/read.ts';
import { convertFile } from '../../../src/proxy/core/convert/convert.ts';
import { renderTree } from '../../../src/proxy/core/convert/render.ts';

const folder = join(import.meta.dirname, 'seeds');
const isError = ({ severity }: Diagnostic): boolean => severity === 'error';
const servers = 'servers: [{ name: a, address: 192.0.2.1, port: 80 }]';

describe('a file of another balancer', () => {
  it.each(['mogoly.yml', 'terraster.yml', 'terraster-tls.yml'])('%s is converted', async (file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const conversion = convertFile({ file, text }, {}, () => undefined);
    if (!conversion) throw new Error('not recognised');
    const { tree, notes } = conversion;
    const yaml = renderTree(tree, file, notes);
    const judged = judgeTree(tree);
    expect(judged.diagnostics.filter(isError)).toEqual([]);
    const told = notes.map((note) => formatDiagnostic(note, text)).join('\n');
    await expect(`${yaml}\n--- notes ---\n${told}\n`).toMatchFileSnapshot(join(folder, 'golden', `${file}.txt`));
    const written = readConfig(yaml, 'x.yml');
    expect(written.diagnostics.filter(isError)).toEqual([]);
    expect(written.ok && written.config).toEqual(judged.ok && judged.config);
  });

  describe('of Mogoly', () => {
    const convertedFrom = (text: string) => {
      const conversion = convertFile({ file: 'm.yml', text }, {}, () => undefined);
      if (!conversion) throw new Error('not recognised');
      const told = conversion.notes.map(({ where, message }) => `${where?.line}: ${message}`);
      return { told, judged: judgeTree(conversion.tree) };
    };

    it('keeps the path and the TLS of its servers', () => {
      const { told, judged } = convertedFrom(
        "server: [{ name: a.example, balance: [{ url: 'https://192.0.2.1/api/' }, { url: 'https://192.0.2.2/api' }] }]",
      );
      expect(told).toEqual([]);
      if (!judged.ok) throw new Error('not valid');
      const [{ tls, servers: pool } = {}] = judged.config.backends;
      expect(tls).toBeDefined();
      expect(pool?.map(({ port }) => port)).toEqual([443, 443]);
      expect(judged.config.frontends[0]?.rules[0]?.handling.rewrite).toMatchObject({ addPrefix: '/api' });
    });

    it('says what of a pool or of middleware it cannot keep', () => {
      const { told } = convertedFrom(`server:
  - { name: a.example, balance: [{ url: 'http://192.0.2.1/a' }, { url: 'https://192.0.2.2/b' }] }
  - name: b.example
    url: http://192.0.2.3
    middlewares:
      - { name: ratelimit }
      - { name: mogoly:ratelimiter, config: { request_per_minute: 7 } }
      - { name: cache }
`);
      expect(told).toEqual([
        '2: servers with and without TLS in one pool cannot be carried over',
        '2: servers with different paths in one pool cannot be carried over',
        '7: a second rate limit of a host cannot be carried over; the first holds',
        '8: there is no such middleware here',
      ]);
    });
  });

  it('is told from one of our own', () => {
    const text = `frontends: [{ name: f, bind: [':80'], defaultBackend: b }]\nbackends: [{ name: b, ${servers} }]\n`;
    expect(convertFile({ file: 'x.yml', text }, {}, () => undefined)).toBeUndefined();
  });
});

describe('old and short ways to write', () => {
  const config = (text: string, environment = {}) => {
    const result = readConfig(text, 'x.yml', environment);
    if (!result.ok) throw new Error(result.diagnostics.map(({ message }) => message).join('\n'));
    return result.config;
  };

  it.each(['healthcheck_interval: 7', 'health_check_interval: 7s'])('%s is the interval of checks', (line) => {
    const text = `${line}\nfrontends: [{ name: f, bind: [':80'] }]\nbackends: [{ name: b, ${servers} }]\n`;
    expect(config(text).backends[0]?.servers[0]?.check?.interMs).toBe(7000);
  });

  it('lb_policy, request_per_minute and limit_window mean balance and rateLimit', () => {
    const text = `frontends: [{ name: f, bind: [':80'], request_per_minute: 30, limit_window: 10 }]
backends: [{ name: b, lb_policy: least-connections, ${servers} }]\n`;
    const { backends, frontends } = config(text);
    expect(backends[0]?.balance).toBe('leastconn');
    expect(frontends[0]?.handling.rateLimit).toMatchObject({ requests: 30, perMs: 10_000 });
  });

  it('one service can be written in short, and its port holds', () => {
    const text = `port: 8081\nhost: shop.example.org\nalgorithm: round-robin
health_check: { path: /ping, interval: 3s, thresholds: { healthy: 1, unhealthy: 2 } }
backends:\n  - http://192.0.2.1:9000\n  - { url: 'http://[2001:db8::1]:9000', weight: 2, max_connections: 10 }\n`;
    const { frontends, backends } = config(text);
    expect(frontends).toMatchObject([
      { binds: [{ port: 8081 }], rules: [{ host: 'shop.example.org', backend: 'default' }] },
    ]);
    expect(backends).toMatchObject([
      {
        balance: 'roundrobin',
        servers: [
          { address: '192.0.2.1', port: 9000, check: { path: '/ping', interMs: 3000, rise: 1, fall: 2 } },
          { address: '2001:db8::1', weight: 2, maxconn: 10 },
        ],
      },
    ]);
  });

  it('what is asked of clients can stand in the short form, too', () => {
    const text = `port: 8081\nrequest_per_minute: 30\nlimit_window: 10\ncompression: {}\nbackends: [http://192.0.2.1:80]\n`;
    const { handling } = config(text).frontends[0] ?? {};
    expect(handling).toMatchObject({ rateLimit: { requests: 30, perMs: 10_000 }, compression: { minBytes: 1024 } });
  });

  it('a mistake in the short form is told where it was written', () => {
    const { diagnostics } = readConfig(
      'port: 8081\nbackends:\n  - { url: "http://192.0.2.1:80", weight: many }\n',
      'x.yml',
    );
    expect(diagnostics).toMatchObject([{ where: { line: 3, column: 43 } }]);
  });
});

describe('variables', () => {
  const text = (port: string): string =>
    `grace: \${GRACE:-5s}\nfrontends:\n  - name: f\n    bind: [':80']\n    responseHeaders: { set: { A: '\${remote_addr}' } }
    rules: [{ headers: { A: '$\${GRACE}' }, backend: b }]
backends:\n  - name: b\n    servers:\n      - name: a\n        address: \${HOST}\n        port: ${port}\n`;

  it('that are not set are told, not what follows from it', () => {
    const { diagnostics } = readConfig(text('"${PORT}"'), 'x.yml', {});
    expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([
      ['unset-variable', 'the variable `HOST` is not set'],
      ['unset-variable', 'the variable `PORT` is not set'],
    ]);
  });

  it('are filled in, numbers included; placeholders of requests stay', () => {
    const result = readConfig(text('${PORT}'), 'x.yml', { HOST: '192.0.2.7', PORT: '8080' });
    expect(result.diagnostics).toEqual([]);
    expect(result.ok && result.config).toMatchObject({
      graceMs: 5000,
      frontends: [
        { rules: [{ headers: { A: '${GRACE}' } }], handling: { responseHeaders: { set: { A: '${remote_addr}' } } } },
      ],
      backends: [{ servers: [{ address: '192.0.2.7', port: 8080 }] }],
    });
  });

  it('that are not set, or do not fit, are errors with their place', () => {
    const { diagnostics } = readConfig(text('${PORT}'), 'x.yml', { HOTS: 'x', PORT: 'http' });
    expect(diagnostics.map(({ code, where }) => [code, where?.line, where?.column])).toEqual([
      ['unset-variable', 11, 18],
      ['bad-type', 12, 15],
    ]);
    expect(diagnostics[0]?.hint).toContain('HOTS');
  });

  it('called VEZA_LB_* override the file; a name that is none is warned of', () => {
    const overrides = {
      HOST: 'h',
      PORT: '1',
      VEZA_LB_WORKERS: '3',
      VEZA_LB_TIMEOUTS_FIRST_BYTE: '2s',
      VEZA_LB_LIMTS_HEADERS: '1',
    };
    const result = readConfig(text('1'), 'x.yml', overrides);
    expect(result.ok && result.config).toMatchObject({ workers: 3, timeouts: { firstByteMs: 2000 } });
    expect(result.diagnostics).toMatchObject([{ severity: 'warning', hint: 'Did you mean VEZA_LB_LIMITS_HEADERS?' }]);
    const bad = readConfig(text('1'), 'x.yml', { HOST: 'h', VEZA_LB_WORKERS: 'many' });
    expect(bad.ok).toBe(false);
    expect(bad.diagnostics[0]?.where?.file).toBe('$VEZA_LB_WORKERS');
    expect(bad.texts.get('$VEZA_LB_WORKERS')).toBe('many');
  });
});

describe('several files', () => {
  const web = {
    file: 'a.yml',
    text: `frontends: [{ name: f, bind: [':80'], defaultBackend: b }]\ntimeouts: { connect: 1s }\n`,
  };
  const api = {
    file: 'b.json',
    text: JSON.stringify({
      backends: [{ name: 'b', servers: [{ name: 's', address: 'h', port: 1 }] }],
      timeouts: { queue: '2s' },
    }),
  };

  it('are one configuration', () => {
    const result = readSources([web, api]);
    expect(result.ok && result.config).toMatchObject({
      timeouts: { connectMs: 1000, queueMs: 2000 },
      backends: [{ name: 'b' }],
    });
  });

  it('may not name the same thing twice: both places are told', () => {
    const again = { file: 'c.yml', text: `timeouts: { connect: 2s }\nbackends:\n  - { name: b, ${servers} }\n` };
    const { diagnostics } = readSources([web, api, again]);
    expect(diagnostics).toMatchObject([
      {
        code: 'duplicate-key',
        where: { file: 'c.yml', line: 1 },
        hint: expect.stringContaining('a.yml:2:13') as string,
      },
      {
        code: 'duplicate-name',
        where: { file: 'c.yml', line: 3 },
        hint: expect.stringContaining('b.json:1:') as string,
      },
    ]);
  });
});
