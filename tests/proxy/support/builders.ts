// Small configurations for tests of the core, built by the real reader.
import type { BackendConfig, ProxyConfig, ServerConfig } from '../../../src/proxy/core/config/model.ts';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { ServerState } from '../../../src/proxy/core/balance/server-state.ts';

/** A configuration with one backend `api`. */
export function aConfig(backend: object = {}): ProxyConfig {
  const text = JSON.stringify({
    frontends: [{ name: 'http', bind: ['127.0.0.1:8080'], defaultBackend: 'api' }],
    backends: [{ name: 'api', servers: threeServers, ...backend }],
  });
  const result = readConfig(text, 'test.json');
  if (!result.ok) throw new Error(result.diagnostics.map(({ message }) => message).join('\n'));
  return result.config;
}

const threeServers = [1, 2, 3].map((id) => ({ name: `s${id}`, address: '192.0.2.1', port: 8000 + id }));

export function aBackend(backend: object = {}): BackendConfig {
  const [first] = aConfig(backend).backends;
  if (!first) throw new Error('no backend');
  return first;
}

export function statesOf(backend: BackendConfig): ServerState[] {
  return backend.servers.map((server) => new ServerState(server, backend.slowstartMs));
}

export function firstServer(backend: BackendConfig): ServerConfig {
  const [first] = backend.servers;
  if (!first) throw new Error('no server');
  return first;
}

/** Repeatable random numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
