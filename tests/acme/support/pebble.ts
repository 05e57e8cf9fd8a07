// Pebble, the ACME authority that Let's Encrypt tests with, on free ports of loopback, with a resolver of ours.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalAuthority } from '../../../src/acme/local-authority.ts';
import { freePort } from '../../support/ports.ts';

const hasPebble = spawnSync('pebble', ['--help']).error === undefined;
/** What a laptop may lack, CI must have. */
export const skipWithoutPebble = !hasPebble && process.env['VEZA_REQUIRE_E2E'] !== '1';

export interface Pebble extends AsyncDisposable {
  readonly directory: string;
  /** PEM of the authority that signed pebble's own TLS certificate. */
  readonly trust: string;
  /** Where http-01 is validated. */
  readonly httpPort: number;
  readonly log: () => string;
}

export interface PebbleOptions {
  /** `address:port` of a DNS server. */
  readonly resolver: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  const folder = await mkdtemp(join(tmpdir(), 'veza-pebble-'));
  const authority = new LocalAuthority({ folder: join(folder, 'tls'), clock: Date });
  const tls = await authority.ensure('pebble', ['localhost']);
  const trust = (await authority.certificate()).pem;
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
  const [listen = 0, management = 0, httpPort = 0, tlsPort = 0] = ports;
  const config = {
    pebble: {
      listenAddress: `127.0.0.1:${listen}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: tls.certificateFile,
      privateKey: tls.keyFile,
      httpPort,
      tlsPort,
      ocspResponderURL: '',
      externalAccountBindingRequired: false,
      retryAfter: { authz: 0, order: 0 },
    },
  };
  const file = join(folder, 'config.json');
  await writeFile(file, JSON.stringify(config));
  const { stop, log } = await run(file, options);
  return {
    directory: `https://localhost:${listen}/dir`,
    trust,
    httpPort,
    log,
    [Symbol.asyncDispose]: async () => {
      await stop();
      await rm(folder, { recursive: true });
    },
  };
}

async function run(config: string, { resolver, environment }: PebbleOptions) {
  const child = spawn('pebble', ['-config', config, '-dnsserver', resolver, '-strict'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PEBBLE_VA_NOSLEEP: '1',
      PEBBLE_AUTHZREUSE: '0',
      PEBBLE_WFE_NONCEREJECT: '0',
      ...environment,
    },
  });
  let text = '';
  const exited = once(child, 'exit');
  const listening = new Promise<boolean>((resolve) => {
    const hear = (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (text.includes('ACME directory available at')) resolve(true);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    void exited.then(() => resolve(false));
  });
  if (!(await listening)) throw new Error(`pebble does not start:\n${text}`);
  const stop = async () => {
    child.kill();
    await exited;
  };
  return { stop, log: () => text };
}
