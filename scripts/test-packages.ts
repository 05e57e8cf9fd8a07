// Debian packages that tests run our programs beside: other shells, other servers.
import { $ } from 'zx';

const packages = [
  'bind9-dnsutils',
  'busybox',
  'chromium',
  'curl',
  'dash',
  'haproxy',
  'hatop',
  'nghttp2-client',
  'nginx-light',
  'openssh-server',
  'openssl',
  'pebble',
  'prometheus',
  'prometheus-haproxy-exporter',
  'sudo',
  'wrk',
];

/** What the long tests need besides: who attacks, who scans. */
export const longTestPackages = ['slowhttptest', 'testssl.sh'];

/** Installs those of the tests that are missing, by name, and `more`. Needs root on Debian. */
export async function installTestPackages(say: (text: string) => void, more: readonly string[] = []): Promise<void> {
  const wanted = [...packages, ...more];
  const installed = await $({
    nothrow: true,
  })`dpkg-query --show --showformat ${'${Package} ${db:Status-Status}\n'} ${wanted}`;
  const missing = wanted.filter((name) => !installed.stdout.includes(`${name} installed`));
  await installPackages(missing, say);
}

/** Installs packages, by name, and starts nothing of them. Needs root on Debian. */
export async function installPackages(names: readonly string[], say: (text: string) => void): Promise<void> {
  if (names.length === 0) return;
  say(`installing ${names.join(' ')}`);
  await $`apt-get --quiet update`;
  // The servers are started by the tests, on loopback and by hand: not by the package.
  await $({
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  })`apt-get --quiet --yes --no-install-recommends install ${names}`;
}
