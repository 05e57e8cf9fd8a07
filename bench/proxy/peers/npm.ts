// Proxies from npm: bench/peers/package.json says which, bench/peers/serve.js how each is set up.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Peer, Protocol } from './peer.ts';

/** Where they are installed, apart from what this project needs. */
export const npmFolder = fileURLToPath(new URL('../../peers', import.meta.url));

export function fromNpm(name: string, protocols: readonly Protocol[]): Peer {
  return {
    name,
    features: ['bare'],
    protocols,
    missing: () =>
      existsSync(join(npmFolder, 'node_modules', name))
        ? undefined
        : '`npm ci --prefix bench/peers` did not install it',
    command: ({ port, originPort }) => [
      process.execPath,
      join(npmFolder, 'serve.js'),
      name,
      String(port),
      String(originPort),
    ],
  };
}
