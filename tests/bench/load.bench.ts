// How long 5,000 tasks over 100 files take to be read and checked, as a process of its own: `node tests/bench/load.bench.ts`.
// Beside it, in the same run and on the same files, what `ansible-playbook --syntax-check` takes, where it is installed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeContent } from './load-content.ts';

interface Measured {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
}

const rounds = 5;
const program = resolve(import.meta.dirname, '../../bin/veza-run.js');

/** The processor time of a command and of all that it starts, by the shell's own account of its children. */
function measure(command: readonly string[], directory: string): Measured | null {
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const script = `${quoted} >/dev/null 2>&1; code=$?; times; exit $code`;
  const startedAt = performance.now();
  const { status, stdout } = spawnSync('sh', ['-c', script], { cwd: directory, encoding: 'utf8' });
  const wallSeconds = (performance.now() - startedAt) / 1000;
  if (status !== 0) return null;
  const children = stdout.trim().split('\n')[1] ?? '';
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => 60 * Number(minutes) + Number(seconds),
  );
  return { cpuSeconds: parts.reduce((sum, part) => sum + part, 0), wallSeconds };
}

function best(command: readonly string[], directory: string): Measured | null {
  const all = Array.from({ length: rounds }, () => measure(command, directory)).filter((one) => one !== null);
  return all.toSorted((left, right) => left.cpuSeconds - right.cpuSeconds)[0] ?? null;
}

const directory = mkdtempSync(join(tmpdir(), 'veza-load-'));
try {
  const { playbook, inventory, files, tasks } = writeContent(directory);
  const ours = best([process.execPath, program, 'lint', '--quiet', '-i', inventory, playbook], directory);
  const start = best([process.execPath, program, '--version'], directory);
  const theirs = best(['ansible-playbook', '--syntax-check', '-i', inventory, playbook], directory);
  const rows: readonly (readonly [string, Measured | null])[] = [
    ['veza-run lint (read, and checked for every host)', ours],
    ['veza-run --version (the start alone)', start],
    ['ansible-playbook --syntax-check (read)', theirs],
  ];
  process.stdout.write(`${tasks} tasks, ${files} files, 20 hosts; best of ${rounds}\n\n`);
  for (const [name, measured] of rows) {
    const figures = measured
      ? `${measured.cpuSeconds.toFixed(2).padStart(6)} s CPU ${measured.wallSeconds.toFixed(2).padStart(6)} s wall`
      : '  not installed, or it failed';
    process.stdout.write(`${name.padEnd(50)}${figures}\n`);
  }
  if (ours && theirs) {
    process.stdout.write(
      `\nratio of CPU: ${(theirs.cpuSeconds / ours.cpuSeconds).toFixed(2)} times as fast as Ansible\n`,
    );
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
