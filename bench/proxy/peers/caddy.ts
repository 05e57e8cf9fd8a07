// Caddy, on one processor as the others are.
import { needs, overTls, type Peer, programPath, writeOwn } from './peer.ts';

export const caddy: Peer = {
  name: 'Caddy',
  features: ['bare'],
  protocols: ['http', 'https', 'h2', 'ws', 'wss'],
  missing: () => needs('caddy'),
  command: (setup) => {
    const { port, originPort, protocol, certificate, workers } = setup;
    const file = writeOwn(
      setup,
      'Caddyfile',
      `{
  admin off
  auto_https off
}
${overTls(protocol) ? 'https' : 'http'}://127.0.0.1:${port} {
  ${overTls(protocol) ? `tls ${certificate} ${certificate}` : ''}
  reverse_proxy 127.0.0.1:${originPort} {
    transport http {
      # Its default of 32 would close and open connections all the time under the load of this comparison.
      keepalive_idle_conns_per_host 256
    }
  }
}
`,
    );
    const command = [programPath('caddy') ?? 'caddy', 'run', '--adapter', 'caddyfile', '--config', file];
    // What it wants to keep (its last configuration) stays in the folder of the run.
    return ['env', `GOMAXPROCS=${workers}`, `HOME=${setup.folder}`, ...command];
  },
};
