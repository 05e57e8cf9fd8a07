// The failover test on the lab's real hosts, one way to fail after the other, and the sum of it.
// node tests/failover/failover.ts [-i inventory/lab.yml] [--ways stop,crash,power-off,hang] [--out DIRECTORY] [-- more options for `veza-run test failover`]
// Exits 0 when every way passed, 3 when one failed, 1 for wrong usage.
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { $, echo } from 'zx';
import type { FailoverReport } from '../../src/failover/model.ts';
import { ways } from '../../src/failover/model.ts';
import { renderSummary } from '../../src/failover/report.ts';

const root = resolve(import.meta.dirname, '../..');

interface Usage {
  readonly inventory: string;
  readonly ways: readonly string[];
  readonly directory: string;
  readonly more: readonly string[];
}

process.exitCode = await main();

async function main(): Promise<number> {
  let usage: Usage;
  try {
    usage = readUsage();
  } catch (error) {
    echo(error instanceof Error ? error.message : String(error));
    return 1;
  }
  await mkdir(usage.directory, { recursive: true });
  const lines: string[] = [];
  let failed = 0;
  for (const way of usage.ways) {
    const { passed, line } = await runWay(way, usage);
    if (!passed) failed += 1;
    lines.push(line);
  }
  echo(['', ...lines, '', `${usage.ways.length - failed} of ${usage.ways.length} ways passed`].join('\n'));
  return failed === 0 ? 0 : 3;
}

async function runWay(way: string, { inventory, directory, more }: Usage): Promise<{ passed: boolean; line: string }> {
  const json = join(directory, `${way}.json`);
  const files = ['--json', json, '--junit', join(directory, `${way}.xml`)];
  const before = Date.now();
  const veza = join(root, 'bin/veza-run.js');
  const result = await $({
    cwd: root,
    nothrow: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  })`${process.execPath} ${veza} test failover -i ${inventory} --way ${way} ${files} ${more}`;
  const report = await readReport(json, before);
  const line = report ? renderSummary(report) : `FAILED  ${way.padEnd(12)}no report, exit ${result.exitCode}`;
  return { passed: result.exitCode === 0 && report?.verdict === 'passed', line };
}

/** Only a report of this run: one that an earlier run left behind would hide a crash. */
async function readReport(path: string, notBefore: number): Promise<FailoverReport | null> {
  try {
    const report = JSON.parse(await readFile(path, 'utf8')) as FailoverReport;
    return Date.parse(report.startedAt) >= notBefore ? report : null;
  } catch {
    return null;
  }
}

function readUsage(): Usage {
  const { values, positionals } = parseArgs({
    options: {
      inventory: { type: 'string', short: 'i', default: 'inventory/lab.yml' },
      ways: { type: 'string', default: 'stop,crash,power-off,hang' },
      out: { type: 'string', default: join(root, '.veza-run/failover') },
    },
    allowPositionals: true,
  });
  const asked = values.ways.split(',');
  const unknown = asked.filter((way) => !ways.some((known) => known === way));
  if (unknown.length > 0) throw new Error(`no such way to fail: ${unknown.join(', ')} (there are ${ways.join(', ')})`);
  return { inventory: values.inventory, ways: asked, directory: resolve(values.out), more: positionals };
}
