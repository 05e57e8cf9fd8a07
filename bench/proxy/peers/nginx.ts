// nginx: as a proxy to compare, and as the origin behind all of them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { needs, overTls, type Peer, programPath, writeOwn } from './peer.ts';

export const nginx: Peer = {
  name: 'nginx',
  features: ['bare'],
  protocols: ['http', 'https', 'h2', 'ws', 'wss'],
  missing: () => needs('nginx'),
  command: (setup) => {
    const { protocol, certificate } = setup;
    const tls = overTls(protocol) ? ` ssl${protocol === 'h2' ? ' http2' : ''}` : '';
    const files = overTls(protocol)
      ? `ssl_protocols TLSv1.3; ssl_certificate ${certificate}; ssl_certificate_key ${certificate};`
      : '';
    const tunnel = protocol === 'ws' || protocol === 'wss';
    const upgrade = tunnel
      ? 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;'
      : 'proxy_set_header Connection "";';
    const file = writeOwn(
      setup,
      'nginx.conf',
      `${user()}daemon off; worker_processes ${setup.workers}; pid ${setup.folder}/nginx.pid; error_log stderr crit;
events { worker_connections 20000; }
http {
  access_log off; ${temporary(setup.folder)}
  upstream origin { server 127.0.0.1:${setup.originPort}; keepalive 128; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${setup.port}${tls} backlog=4096; ${files} keepalive_requests 100000000;
    location / {
      proxy_pass http://origin; proxy_http_version 1.1; ${upgrade} proxy_set_header Host $http_host; proxy_buffers 16 8k;
    }
  }
}
`,
    );
    return [programPath('nginx') ?? 'nginx', '-p', setup.folder, '-c', file];
  },
};

/** Workers as who runs them: another user could not read temporary folders that are private. */
function user(): string {
  return process.getuid?.() === 0 ? 'user root; ' : '';
}

/** Folders for what nginx wants to write, so that it needs no rights. */
function temporary(folder: string): string {
  return ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${kind}_temp;`)
    .join(' ');
}

/** Paths of the origin, and how many bytes each answers with. */
export const bodies = { '/1k': 1024, '/64k': 65_536 } as const;

/** The origin behind all of them, in an existing folder of its own: bodies of exact sizes, and what it counted at /status. */
export function originCommand(folder: string, port: number, workers: number): readonly string[] {
  for (const [path, bytes] of Object.entries(bodies)) writeFileSync(join(folder, path), 'x'.repeat(bytes));
  const file = join(folder, 'origin.conf');
  writeFileSync(
    file,
    `${user()}daemon off; worker_processes ${workers}; pid ${folder}/origin.pid; error_log stderr crit;
events { worker_connections 20000; }
http {
  access_log off; ${temporary(folder)} keepalive_requests 100000000; keepalive_timeout 300s;
  sendfile on; tcp_nopush on; open_file_cache max=10;
  server {
    listen 127.0.0.1:${port} backlog=4096; root ${folder};
    location = / { return 200 "ok"; }
    location = /status { stub_status; }
  }
}
`,
  );
  return [programPath('nginx') ?? 'nginx', '-p', folder, '-c', file];
}
