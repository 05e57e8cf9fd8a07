// HAProxy, which all are measured against.
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import {
  accessLog,
  connectionLimit,
  type Features,
  needs,
  overTls,
  type Peer,
  type PeerSetup,
  programPath,
  writeOwn,
} from './peer.ts';

function logSocket({ folder }: PeerSetup): string {
  return join(folder, 'log.sock');
}

function tls({ protocol, certificate }: PeerSetup): string {
  if (!overTls(protocol)) return '';
  return ` ssl crt ${certificate} alpn ${protocol === 'h2' ? 'h2,' : ''}http/1.1`;
}

function globals(setup: PeerSetup): string {
  return `
global
    nbthread ${setup.workers}
    maxconn ${connectionLimit()}
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout tunnel 60s
    retries 3
    # As the others: the default opens a connection to the server for the first request of each client.
    http-reuse always
`;
}

const sections: Readonly<Record<Features, (setup: PeerSetup) => string>> = {
  bare: (setup) => `${globals(setup)}
frontend http
    bind 127.0.0.1:${setup.port}${tls(setup)}
    default_backend api
backend api
    server s1 127.0.0.1:${setup.originPort}
`,
  full: (setup) => `${globals(setup)}
    log ${logSocket(setup)} local0
    option httplog
    option forwardfor
    option redispatch 1
    retry-on conn-failure empty-response
frontend http
    bind 127.0.0.1:${setup.port}${tls(setup)}
    stick-table type ip size 100k expire 30s store http_req_rate(10s)
    http-request track-sc0 src
    http-request deny deny_status 429 if { sc_http_req_rate(0) gt 100000000 }
    http-request set-header X-Forwarded-Proto ${overTls(setup.protocol) ? 'https' : 'http'}
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    use_backend other if { hdr(host) -i other.example.org }
    use_backend other if { path_beg /stream }
    default_backend api
backend api
    cookie SERVERID insert indirect nocache httponly
    option httpchk GET /
    server s1 127.0.0.1:${setup.originPort} cookie s1 check inter 5s
backend other
    server s1 127.0.0.1:${setup.originPort}
`,
};

export const haproxy: Peer = {
  name: 'HAProxy',
  features: ['bare', 'full'],
  protocols: ['http', 'https', 'h2', 'ws', 'wss'],
  missing: () => needs('haproxy'),
  command: (setup) => {
    const file = writeOwn(setup, 'haproxy.cfg', sections[setup.features](setup));
    return [programPath('haproxy') ?? 'haproxy', '-db', '-f', file];
  },
  helper: (setup) => {
    const reader = fileURLToPath(new URL('../programs/log-reader.pl', import.meta.url));
    // HAProxy drops what is not read soon enough. Without the right to come first it goes on as it can.
    return ['nice', '-n', '-10', programPath('perl') ?? 'perl', reader, logSocket(setup), accessLog(setup)];
  },
};
