// `npm run bench`: runs every tests/bench/*.bench.ts, one after the other, and sums up. `npm run bench -- NAME...` runs some;
// `--write` keeps the tables in docs/benchmarks.md.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { ratioOf, reached, tableText, type BenchTable } from '../tests/bench/support.ts';

const directory = resolve(import.meta.dirname, '../tests/bench');
const words = process.argv.slice(2);
const wanted = words.filter((word) => !word.startsWith('-'));
const say = (text: string) => process.stdout.write(`${text}\n`);

const all = readdirSync(directory)
  .filter((name) => name.endsWith('.bench.ts'))
  .map((name) => name.replace(/\.bench\.ts$/, ''))
  .sort();
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  say(`there is no benchmark ${unknown.join(', ')}; there are: ${all.join(', ')}`);
  process.exitCode = 1;
} else {
  process.exitCode = run(wanted.length === 0 ? all : wanted);
}

function run(names: readonly string[]): number {
  const results = join(mkdtempSync(join(tmpdir(), 'veza-bench-')), 'results.jsonl');
  try {
    const failed = names.filter((name) => {
      say(`\n# ${name}\n`);
      const { status } = spawnSync(process.execPath, [join(directory, `${name}.bench.ts`)], {
        stdio: 'inherit',
        env: { ...process.env, VEZA_BENCH_RESULTS: results },
      });
      return status !== 0;
    });
    const tables = existsSync(results)
      ? readFileSync(results, 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as BenchTable)
      : [];
    sumUp(tables, failed);
    if (words.includes('--write') && failed.length === 0) write(tables);
    return failed.length > 0 ? 1 : 0;
  } finally {
    rmSync(resolve(results, '..'), { recursive: true, force: true });
  }
}

function sumUp(tables: readonly BenchTable[], failed: readonly string[]): void {
  const rows = tables.flatMap((table) => table.rows.map((row) => ({ table: table.title, row })));
  say('# Summary\n');
  for (const { table, row } of rows) {
    const ratio = ratioOf(row);
    const against = ratio === null || !row.peer ? '' : `${ratio.toFixed(1)} times ${row.peer.name}`;
    const goal = row.goal === undefined ? '' : reached(row) ? 'goal reached' : 'GOAL MISSED';
    const facts = [against, goal].filter((text) => text !== '').join(', ');
    if (facts !== '') say(`${table}: ${row.what}: ${facts}`);
  }
  for (const name of failed) say(`${name} FAILED`);
}

function write(tables: readonly BenchTable[]): void {
  const memory = Math.round(totalmem() / 2 ** 30);
  const head = [
    '# Benchmarks',
    '',
    `Made by \`npm run bench -- --write\`. One run on one virtual machine with ${cpus().length} cores and ${memory} GB of memory, Linux,`,
    `Node.js ${process.versions.node}. Compare the ratios: they were measured side by side; the figures themselves depend on the machine.`,
    '',
  ];
  writeFileSync(resolve(import.meta.dirname, '../docs/benchmarks.md'), [...head, ...tables.map(tableText)].join('\n'));
  say('\nwritten: docs/benchmarks.md');
}
