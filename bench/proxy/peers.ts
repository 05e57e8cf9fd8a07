// The proxies that are compared: for each its configuration for one set of features, and how it is started. What is not
// installed is named in the result instead of measured.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** bare: pass on. full: access log, persistence cookie, routing, rate limit, checks, retries, timeouts. */
export type Features = 'bare' | 'full';

/** What clients speak. */
export type Protocol = 'http' | 'https' | 'h2';

export interface PeerSetup {
  readonly folder: string;
  readonly port: number;
  readonly originPort: number;
  readonly features: Features;
  readonly protocol: Protocol;
  /** PEM file: certificate and key. */
  readonly certificate: string;
}

export interface Peer {
  readonly name: string;
  /** Only these feature sets mean the same in it. */
  readonly features: readonly Features[];
  readonly protocols: readonly Protocol[];
  /** Undefined if it can be started here, else what is missing. */
  missing(): string | undefined;
  /** Writes its configuration; returns the command that runs it in the foreground. */
  command(setup: PeerSetup): readonly string[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const programs = ['/usr/sbin', '/usr/bin', '/usr/local/bin'];

export function programPath(name: string): string | undefined {
  return programs.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function needs(name: string): string | undefined {
  return programPath(name) === undefined ? `${name} is not installed` : undefined;
}

function write({ folder }: PeerSetup, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function ourBind({ port, protocol, certificate }: PeerSetup): object {
  const bind = [`127.0.0.1:${port}`];
  return protocol === 'http' ? { bind } : { tls: { bind, certificates: [certificate] } };
}

const ours: Peer = {
  name: 'veza-proxy',
  features: ['bare', 'full'],
  protocols: ['http', 'https', 'h2'],
  missing: () => undefined,
  command: (setup) => {
    const server = { name: 's1', address: '127.0.0.1', port: setup.originPort };
    const bare = {
      workers: 1,
      frontends: [{ name: 'http', ...ourBind(setup), defaultBackend: 'api', forwardFor: false }],
      backends: [{ name: 'api', servers: [server] }],
    };
    const full = {
      ...bare,
      // As HAProxy's, whose standard output goes there.
      log: { access: '/dev/null' },
      frontends: [
        {
          ...bare.frontends[0],
          forwardFor: true,
          // As HAProxy's below: counted for every client, and never reached.
          rateLimit: { requests: 1_000_000, per: '1s' },
          rules: [
            { host: 'other.example.org', backend: 'other' },
            { pathPrefix: '/stream', backend: 'other' },
          ],
        },
      ],
      backends: [
        { name: 'api', cookie: { name: 'SERVERID' }, check: { path: '/' }, servers: [server] },
        { name: 'other', servers: [server] },
      ],
    };
    const file = write(setup, 'veza.json', JSON.stringify(setup.features === 'full' ? full : bare));
    // Packed, as it is installed: see scripts/bench-proxy.ts.
    return [process.execPath, join(setup.folder, '..', 'veza-proxy.mjs'), 'run', file];
  },
};

const haproxy: Peer = {
  name: 'HAProxy',
  features: ['bare', 'full'],
  protocols: ['http', 'https', 'h2'],
  missing: () => needs('haproxy'),
  command: (setup) => {
    const { features, port, originPort, protocol, certificate } = setup;
    const tls = protocol === 'http' ? '' : ` ssl crt ${certificate} alpn ${protocol === 'h2' ? 'h2,' : ''}http/1.1`;
    const full = features === 'full';
    const file = write(
      setup,
      'haproxy.cfg',
      `global
    nbthread 1
    maxconn ${connectionLimit()}
    ${full ? 'log stdout format raw local0' : ''}
defaults
    mode http
    ${full ? 'log global\n    option httplog\n    option forwardfor' : ''}
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    retries 3
    ${full ? 'option redispatch 1\n    retry-on conn-failure empty-response' : ''}
frontend http
    bind 127.0.0.1:${port}${tls}
${
  full
    ? `    stick-table type ip size 100k expire 30s store http_req_rate(10s)
    http-request track-sc0 src
    http-request deny deny_status 429 if { sc_http_req_rate(0) gt 100000000 }
    use_backend other if { hdr(host) -i other.example.org }
    use_backend other if { path_beg /stream }
`
    : ''
}    default_backend api
backend api
${full ? '    cookie SERVERID insert indirect nocache httponly\n    option httpchk GET /\n' : ''}    server s1 127.0.0.1:${originPort} ${full ? 'cookie s1 check inter 5s' : ''}
${full ? `backend other\n    server s1 127.0.0.1:${originPort}\n` : ''}`,
    );
    return [programPath('haproxy') ?? 'haproxy', '-db', '-f', file];
  },
};

const nginx: Peer = {
  name: 'nginx',
  features: ['bare'],
  protocols: ['http', 'https', 'h2'],
  missing: () => needs('nginx'),
  command: (setup) => {
    const { protocol, certificate } = setup;
    const tls = protocol === 'http' ? '' : ` ssl${protocol === 'h2' ? ' http2' : ''}`;
    const files = protocol === 'http' ? '' : `ssl_certificate ${certificate}; ssl_certificate_key ${certificate};`;
    const file = write(
      setup,
      'nginx.conf',
      `daemon off; worker_processes 1; pid ${setup.folder}/nginx.pid; error_log stderr crit;
events { worker_connections 20000; }
http {
  access_log off; ${temporary(setup.folder)}
  upstream origin { server 127.0.0.1:${setup.originPort}; keepalive 128; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${setup.port}${tls} backlog=4096; ${files} keepalive_requests 100000000;
    location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; proxy_buffers 16 8k; }
  }
}
`,
    );
    return [programPath('nginx') ?? 'nginx', '-p', setup.folder, '-c', file];
  },
};

const caddy: Peer = {
  name: 'Caddy',
  features: ['bare'],
  protocols: ['http', 'https', 'h2'],
  missing: () => needs('caddy'),
  command: (setup) => {
    const file = write(
      setup,
      'Caddyfile',
      `{\n  admin off\n  auto_https off\n}\n${setup.protocol === 'http' ? 'http' : 'https'}://127.0.0.1:${setup.port} {\n${setup.protocol === 'http' ? '' : `  tls ${setup.certificate} ${setup.certificate}\n`}  reverse_proxy 127.0.0.1:${setup.originPort}\n}\n`,
    );
    return ['env', 'GOMAXPROCS=1', programPath('caddy') ?? 'caddy', 'run', '--adapter', 'caddyfile', '--config', file];
  },
};

function fromNpm(name: string): Peer {
  const folder = join(root, 'bench/peers');
  return {
    name,
    features: ['bare'],
    protocols: ['http'],
    missing: () =>
      existsSync(join(folder, 'node_modules', name)) ? undefined : 'run `npm install --prefix bench/peers` first',
    command: ({ port, originPort }) => [
      process.execPath,
      join(folder, 'serve.js'),
      name,
      String(port),
      String(originPort),
    ],
  };
}

/** Ours first; ratios are against HAProxy. */
export const peers: readonly Peer[] = [
  ours,
  haproxy,
  nginx,
  caddy,
  fromNpm('http-proxy-3'),
  fromNpm('fast-proxy'),
  fromNpm('@fastify/http-proxy'),
];

/** HAProxy wants two descriptors for each connection that it may have, or does not start. */
function connectionLimit(): number {
  const descriptors = /^Max open files\s+([0-9]+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? '1024';
  return Math.min(20_000, Math.floor(Number(descriptors) / 2) - 50);
}

/** Folders for what nginx wants to write, so that it needs no rights. */
function temporary(folder: string): string {
  return ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${kind}_temp;`)
    .join(' ');
}

/** The origin behind all of them: nginx, with bodies of exact sizes. */
export function originCommand(folder: string, port: number): readonly string[] {
  for (const [name, bytes] of [
    ['1k', 1024],
    ['64k', 65_536],
  ] as const)
    writeFileSync(join(folder, name), 'x'.repeat(bytes));
  const file = join(folder, 'origin.conf');
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${folder}/origin.pid; error_log stderr crit;
events { worker_connections 20000; }
http {
  access_log off; ${temporary(join(folder, 'origin'))} keepalive_requests 100000000; keepalive_timeout 300s;
  sendfile on; tcp_nopush on; open_file_cache max=10;
  server { listen 127.0.0.1:${port} backlog=4096; root ${folder}; location = / { return 200 "ok"; } }
}
`,
  );
  return [programPath('nginx') ?? 'nginx', '-p', join(folder, 'origin'), '-c', file];
}
