// `prod status`, `prod watch`, `prod ssh` and the last step of setup on real hosts: an sshd on loopback, and tools in its PATH that
// answer as docker, systemctl, mariadb and redis-cli do (stubs: this machine has no such services).
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sshdPath, startSshd, type TestSshd } from '../../adapters/support/sshd.ts';
import { freePort, portOf } from '../../support/ports.ts';
import { openProd, type ProdAccount } from './support.ts';
import { type Seen, statesOf, tool, tools, wellTools } from './status-tools.ts';

const servers: Server[] = [];
let sshd: TestSshd;
let http = 0;
let https = 0;

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return portOf(server);
}

beforeAll(async () => {
  if (!sshdPath) return;
  wellTools();
  sshd = await startSshd([`SetEnv PATH=${tools}:/usr/bin:/bin:/usr/sbin:/sbin`]);
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '5'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const files = ['-keyout', join(tools, 'key.pem'), '-out', join(tools, 'cert.pem')];
  execFileSync('openssl', [...words, ...names, ...files], { stdio: 'ignore' });
  http = await listening(
    createHttpServer((request, response) => response.writeHead(request.url === '/health' ? 200 : 503).end()),
  );
  const tls = { key: readFileSync(join(tools, 'key.pem')), cert: readFileSync(join(tools, 'cert.pem')) };
  https = await listening(createHttpsServer(tls, (_request, response) => response.end('well')));
});

afterAll(async () => {
  for (const server of servers) server.close();
  if (sshdPath) await sshd[Symbol.asyncDispose]();
  rmSync(tools, { recursive: true, force: true });
});

interface Place {
  readonly services?: string;
  readonly more?: string;
  readonly port?: number;
}

/** The sshd as a host of infra.yaml; `more` are sections. */
function infra({ services = '', more = '', port = sshd.host.port }: Place = {}): string {
  const { user, privateKeyFile = '' } = sshd.host;
  return `hosts:\n  zulu: { ip: 127.0.0.1, type: hrobot, ssh: { user: ${user}, key: ${privateKeyFile}, port: ${port} }, services: [${services}] }\n${more}`;
}

const environment = () => ({ HOME: tools });

async function status(at: ProdAccount, words = 'status --json') {
  const result = await at.prod(words, environment());
  return { ...result, json: words.includes('--json') ? (JSON.parse(result.stdout) as Seen) : null };
}

describe.skipIf(!sshdPath)('prod status', () => {
  it('asks a host for its system, docker, disks and each kind of service', async () => {
    const services = 'coolify, traefik, galera, redis, forgejo-runner, veza-proxy, broken, nothing';
    const alerts = 'monitoring: { alerts: { galera_cluster_size: 2, redis_sentinel_quorum: 2, disk_percent: 50 } }\n';
    await using at = await openProd(infra({ services, more: alerts }));
    const { exitCode, json } = await status(at);
    expect(statesOf(json)).toEqual({
      coolify: 'running 2',
      traefik: 'running 1',
      galera: 'cluster_size=2',
      redis: 'PONG sentinels=3',
      'forgejo-runner': 'running unit',
      'veza-proxy': 'running unit',
      broken: 'not running: unit is failed',
      nothing: 'not running',
    });
    expect(json?.hosts[0]?.problems).toEqual(['broken: not running: unit is failed', 'nothing: not running']);
    expect(json?.hosts[0]).toMatchObject({
      docker: 'Docker version 27.0.1, build abc',
      disks: [{ mount: '/', usedPercent: 40 }],
    });
    expect(json?.alerts.map(({ name, found, good }) => [name, found, good])).toEqual([
      ['galera_cluster_size', 2, true],
      ['redis_sentinel_quorum', 3, true],
      ['disk_percent', 40, true],
    ]);
    expect(exitCode).toBe(1);
    const people = await status(at, 'status');
    expect(people.stdout).toMatch(/^zulu {2}bad {2}ssh \d+ ms$/m);
    expect(people.stdout).toContain('ok galera_cluster_size  2, at least 2 is wanted');
  });

  it('judges by the alerts of the file', async () => {
    const alerts = 'monitoring: { alerts: { galera_cluster_size: 3, redis_sentinel_quorum: 4, disk_percent: 30 } }\n';
    await using at = await openProd(infra({ services: 'galera, redis', more: alerts }));
    const { exitCode, json } = await status(at);
    expect(exitCode).toBe(1);
    expect(json?.hosts[0]?.problems).toEqual([
      'galera: cluster_size=2, wanted 3',
      'redis: PONG sentinels=3, wanted 4 sentinels',
      '/ is 40 % full',
    ]);
    expect(json?.alerts.every(({ good }) => !good)).toBe(true);
  });

  it('an alert that nobody can answer is not good, one that nobody knows is told', async () => {
    const alerts = 'monitoring: { alerts: { galera_cluster_size: 1, galera_cluster_sise: 2 } }\n';
    await using at = await openProd(infra({ more: alerts }));
    const { exitCode, json, stderr } = await status(at);
    expect(json?.alerts).toMatchObject([{ name: 'galera_cluster_size', found: null, good: false }]);
    expect(stderr).toContain('nobody evaluates the alert "galera_cluster_sise"');
    expect(stderr).toContain('Did you mean "galera_cluster_size"?');
    expect(exitCode).toBe(1);
  });

  it('is content with a host that is well', async () => {
    await using at = await openProd(infra({ services: 'coolify, veza-proxy' }));
    const { exitCode, stdout } = await status(at, 'status');
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^zulu {2}ok/)]);
  });

  it('tells a docker that refuses, and containers that are unwell', async () => {
    await using at = await openProd(infra({ services: 'web, coolify' }));
    tool(
      'docker',
      'case "$1" in --version) echo "Docker version 27.0.1" ;; ps) printf "web-1\\tRestarting (1) 2 seconds ago\\nweb-2\\tUp 1 hour\\ncoolify\\tUp 1 hour (unhealthy)\\n" ;; esac',
    );
    expect(statesOf((await status(at)).json)).toEqual({
      web: 'not running: 1 of 2 unwell',
      coolify: 'not running: 1 of 1 unwell',
    });
    tool(
      'docker',
      '[ "$1" = --version ] && { echo "Docker version 27.0.1"; exit 0; }; echo "Cannot connect to the Docker daemon" >&2; exit 1',
    );
    expect(statesOf((await status(at)).json)['web']).toBe('not running: Cannot connect to the Docker daemon');
    wellTools();
  });

  it('what a host says cannot move the cursor of who reads it', async () => {
    await using at = await openProd(infra());
    tool('docker', 'printf "Docker \\033[2Jversion\\n"');
    const { stdout } = await status(at, 'status');
    wellTools();
    expect(stdout).toContain('Docker \\x1b[2Jversion');
    expect(stdout).not.toContain('\u001b');
  });

  it('hosts that cannot be reached are bad, in the order of the file, and do not keep the others waiting', async () => {
    const gone = `  alpha: { ip: 127.0.0.2, type: hrobot, ssh: { port: ${await freePort()} } }\n`;
    await using at = await openProd(infra({ more: gone }));
    const { exitCode, json } = await status(at);
    expect(exitCode).toBe(1);
    expect(json?.hosts.map(({ host, problems }) => [host, problems.length])).toEqual([
      ['zulu', 0],
      ['alpha', 1],
    ]);
    expect(json?.hosts[1]?.problems[0]).toContain('ECONNREFUSED');
  });

  it('says which hosts were not done within the time', async () => {
    // Accepts the connection and says nothing.
    const silent = await listening(createServer((socket) => socket.on('error', () => undefined)));
    await using at = await openProd(infra({ port: silent }));
    const { exitCode, json } = await status(at, 'status --json --timeout 1');
    expect([exitCode, json?.hosts[0]?.problems]).toEqual([1, ['prod status was not done within 1 s']]);
  });

  it('asks the health endpoints, and how long their certificates last', async () => {
    const urls = [
      `http://127.0.0.1:${http}/health`,
      `http://127.0.0.1:${http}/sick`,
      `https://localhost:${https}/`,
      `http://127.0.0.1:${await freePort()}/`,
    ];
    const list = urls.map((url) => `{ url: '${url}' }`).join(', ');
    await using at = await openProd(
      infra({ more: `monitoring: { health_endpoints: [${list}], alerts: { http_milliseconds: 9000 } }\n` }),
    );
    const trusting = { ...environment(), NODE_EXTRA_CA_CERTS: join(tools, 'cert.pem') };
    const { exitCode, stdout } = await at.prod('status --json', trusting);
    const json = JSON.parse(stdout) as Seen;
    expect(json.endpoints.map(({ status: code, problem }) => [code, problem])).toEqual([
      [200, null],
      [503, 'HTTP 503'],
      [200, 'its certificate ends in 4 days'],
      [null, expect.stringContaining('ECONNREFUSED')],
    ]);
    expect(json.endpoints[2]?.certificateDays).toBe(4);
    expect(json.alerts).toMatchObject([{ name: 'http_milliseconds', good: true }]);
    expect(exitCode).toBe(1);
    const strangers = await at.prod('status --json', environment());
    expect((JSON.parse(strangers.stdout) as Seen).endpoints[2]?.problem).toMatch(/self.signed/);
  });

  it('shows the load balancer where there is a token, and says why not where there is none', async () => {
    const balancer =
      'load_balancer: { name: hermes, type: lb11, location: fsn1, backends: [{ host: zulu, port: 80 }], listeners: [{ frontend: 80, backend: 80, protocol: tcp }] }\n';
    await using at = await openProd(infra({ more: balancer }));
    expect((await status(at, 'status')).stdout).toContain('there is no load balancer "hermes"');
    const none = await at.prod('status', { ...environment(), HCLOUD_TOKEN: '' });
    expect([none.exitCode, none.stdout]).toEqual([
      0,
      expect.stringContaining('skipped: not set in the environment: HCLOUD_TOKEN'),
    ]);
  });

  it('watch looks again until Ctrl-C, and ends with what it saw last', async () => {
    await using at = await openProd(infra({ services: 'nothing' }));
    const twice = await at.prod('watch --json --interval 1 --count 2', environment());
    const looks = twice.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Seen & { at: string });
    expect(looks).toHaveLength(2);
    expect(Date.parse(looks[1]?.at ?? '') - Date.parse(looks[0]?.at ?? '')).toBeGreaterThanOrEqual(1000);
    expect(twice.exitCode).toBe(1);
    const marker = join(tools, 'asked');
    tool('df', `touch ${marker}; exit 0`);
    const ended = await at.prod('watch --interval 600', environment(), (pid) => {
      const timer = setInterval(() => {
        try {
          readFileSync(marker);
        } catch {
          return;
        }
        clearInterval(timer);
        // The look that has begun may end first or not: both are clean.
        setTimeout(() => process.kill(pid, 'SIGINT'), 1000);
      }, 50);
    });
    wellTools();
    expect([0, 1]).toContain(ended.exitCode);
    expect(ended.stderr).toBe('');
  });

  it('verify tells for each host and endpoint whether it lets us in', async () => {
    const more = `monitoring: { health_endpoints: [{ url: 'http://127.0.0.1:${http}/health' }, { url: 'http://127.0.0.1:${http}/sick' }] }\n`;
    await using at = await openProd(infra({ more }));
    const { exitCode, stdout } = await at.prod('setup --step verify', environment());
    expect(exitCode).toBe(4);
    expect(stdout).toContain('ok ssh zulu');
    expect(stdout).toContain(`x  http http://127.0.0.1:${http}/sick: HTTP 503`);
  });

  it("ssh logs in with the system's ssh and gives back its exit code", async () => {
    await using at = await openProd(infra());
    mkdirSync(join(tools, '.ssh'), { recursive: true, mode: 0o700 });
    tool('ssh', 'for word; do echo "[$word]"; done; exit 7');
    const result = await at.prod('ssh zulu -- uname -a', { ...environment(), PATH: `${tools}:/usr/bin:/bin` });
    expect(result.exitCode).toBe(7);
    const { user, privateKeyFile, port } = sshd.host;
    expect(result.stdout.trimEnd().split('\n')).toEqual(
      [
        '-i',
        privateKeyFile,
        '-p',
        String(port),
        '-o',
        'StrictHostKeyChecking=accept-new',
        `${user}@127.0.0.1`,
        'uname',
        '-a',
      ].map((word) => `[${word ?? ''}]`),
    );
    const unknown = await at.prod('ssh zulo');
    expect([unknown.exitCode, unknown.stderr]).toEqual([
      1,
      expect.stringContaining('Did you mean "zulu"? Hosts are: zulu.'),
    ]);
    const keyless = await openProd('hosts: { bare: { ip: 127.0.0.1, type: hrobot } }\n');
    const bare = await keyless.prod('ssh bare', { ...environment(), PATH: `${tools}:/usr/bin:/bin` });
    expect(bare.stdout).not.toContain('[-i]');
    const missing = await keyless.prod('ssh bare', { PATH: '/nowhere' });
    expect([missing.exitCode, missing.stderr]).toEqual([1, expect.stringContaining('cannot start ssh')]);
    await keyless[Symbol.asyncDispose]();
  });
});
