// How long an inventory of 10,000 hosts takes to read, beside ansible-inventory where that is installed.
// A plain program: `node tests/bench/inventory.bench.ts` prints a table. Wanted: 1 s or less in one cold process.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const groupCount = 100;
const hostsPerGroup = 100;
const wantedMs = 1000;
const runs = 5;
const patienceMs = 60_000;

const one = `
const [{ diskFiles }, { loadInventory }] = await Promise.all([
  import(${JSON.stringify(resolve(import.meta.dirname, '../../src/adapters/source-files.ts'))}),
  import(${JSON.stringify(resolve(import.meta.dirname, '../../src/inventory/load.ts'))}),
]);
const startedAt = performance.now();
const { inventory } = loadInventory([process.argv[1]], { files: diskFiles() });
console.log(JSON.stringify({ ms: performance.now() - startedAt, hosts: inventory.groups.get('all').hosts.length }));
`;

/** The best of some cold processes: others on the machine only ever make it slower. */
function measure(path: string): { ms: number; hosts: number } {
  const results = Array.from({ length: runs }, () => {
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', one, path], {
      encoding: 'utf8',
    });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as { ms: number; hosts: number };
  });
  return results.reduce((best, next) => (next.ms < best.ms ? next : best));
}

/** The whole process, as that is all that can be measured; `null` where it is not installed. */
function ansible(path: string): number | null {
  const startedAt = performance.now();
  const { error, status } = spawnSync('ansible-inventory', ['-i', path, '--list'], {
    stdio: 'ignore',
    timeout: patienceMs,
  });
  if (error && 'code' in error && error.code === 'ETIMEDOUT') return patienceMs;
  return error || status !== 0 ? null : performance.now() - startedAt;
}

function writeInventories(directory: string): readonly string[] {
  mkdirSync(join(directory, 'group_vars'));
  const yaml = ['all:', '  vars: { domain: example.org }', '  children:'];
  const ini: string[] = [];
  for (let group = 0; group < groupCount; group += 1) {
    yaml.push(`    g${group}:`, `      vars: { tier: t${group}, path: "/srv/{{ domain }}" }`, '      hosts:');
    ini.push(`[g${group}]`);
    for (let host = 0; host < hostsPerGroup; host += 1) {
      const name = `host-${group}-${host}`;
      yaml.push(`        ${name}: { ansible_host: 10.${group}.0.${host}, rack: r${host % 7}, weight: ${host} }`);
      ini.push(`${name} ansible_host=10.${group}.0.${host} rack=r${host % 7} weight=${host}`);
    }
    writeFileSync(join(directory, 'group_vars', `g${group}.yml`), `app_port: ${group}\nlist: [a, b]\n`);
  }
  const paths = [join(directory, 'hosts.yml'), join(directory, 'hosts.ini')];
  [yaml, ini].forEach((lines, index) => writeFileSync(paths[index] ?? '', `${lines.join('\n')}\n`));
  return paths;
}

const directory = mkdtempSync(join(tmpdir(), 'veza-bench-'));
try {
  console.log('inventory             hosts   veza-run    wanted     ansible-inventory   ratio');
  for (const path of writeInventories(directory)) {
    const { ms, hosts } = measure(path);
    const theirs = ansible(path);
    const ratio = theirs === null ? '' : `${(theirs / ms).toFixed(0)}x`;
    const other = theirs === null ? 'not installed' : `${theirs >= patienceMs ? 'over ' : ''}${theirs.toFixed(0)} ms`;
    console.log(
      `${path.slice(directory.length + 1).padEnd(20)} ${String(hosts).padStart(6)} ${`${ms.toFixed(0)} ms`.padStart(10)} ${`${wantedMs} ms`.padStart(9)} ${other.padStart(21)} ${ratio.padStart(7)}`,
    );
    if (ms > wantedMs) process.exitCode = 1;
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
