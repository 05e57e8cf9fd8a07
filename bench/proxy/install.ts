// What the comparison needs and this machine does not have yet: Debian packages by apt, proxies from npm by their lock file.
import { execFileSync } from 'node:child_process';
import { installPackages } from '../../scripts/test-packages.ts';
import { npmFolder } from './peers/npm.ts';
import { type Peer, programPath } from './peers/peer.ts';
import { messageOf } from '../../src/lib/errors.ts';

/** Programs that nothing can be measured without, and the Debian packages that have them. */
const required: Readonly<Record<string, string>> = {
  wrk: 'wrk',
  h2load: 'nghttp2-client',
  nginx: 'nginx-light',
  openssl: 'openssl',
  perl: 'perl-base',
  taskset: 'util-linux',
};

/** Proxies, whose programs and packages have the same name. */
const proxies: Readonly<Record<string, string>> = { HAProxy: 'haproxy', Caddy: 'caddy' };

/** Debian packages that are missing for these proxies to be measured. */
export function missingPackages(peerNames: readonly string[]): string[] {
  const optional = peerNames.flatMap((name) => proxies[name] ?? []);
  return [...missingRequired(), ...optional.filter((program) => programPath(program) === undefined)];
}

function missingRequired(): string[] {
  return Object.entries(required).flatMap(([program, name]) => (programPath(program) === undefined ? [name] : []));
}

/** Installs what is missing. Throws, with what to do, if something is left that nothing can be measured without. */
export async function installDebian(peerNames: readonly string[], say: (text: string) => void): Promise<void> {
  const missing = missingPackages(peerNames);
  if (missing.length === 0) return;
  const mayInstall = process.getuid?.() === 0 && programPath('apt-get') !== undefined;
  if (mayInstall) {
    try {
      await installPackages(missing, say);
    } catch (error) {
      say(`apt-get could not install ${missing.join(' ')}: ${messageOf(error)}`);
    }
  }
  const left = missingRequired();
  if (left.length === 0) return;
  const why = mayInstall ? '' : ', and only root on Debian can install it from here';
  throw new Error(`the comparison needs what is missing${why}: sudo apt-get install ${left.join(' ')}`);
}

/** Installs the proxies from npm if one of these is missing. What cannot be had is not measured. */
export function installNpm(wanted: readonly Peer[], say: (text: string) => void): void {
  if (wanted.every((peer) => peer.missing() === undefined)) return;
  say('installing bench/peers from npm');
  try {
    execFileSync('npm', ['ci', '--prefix', npmFolder, '--ignore-scripts', '--no-audit', '--no-fund'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    say(`npm ci --prefix bench/peers failed, so these are not measured: ${said}`);
  }
}
