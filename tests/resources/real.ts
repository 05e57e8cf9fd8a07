// Runs probes and applies of a resource in real shells on this machine, the way the engine does on a host.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { difference, type Change } from '../../src/core/change.ts';
import type { AnyResourceKind, Want } from '../../src/core/resource.ts';
import type { Script } from '../../src/lib/shell.ts';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const shells = { dash: ['dash'], busybox: ['busybox', 'sh'], bash: ['bash', '--norc', '--posix'] } as const;

/** A folder with nothing but BusyBox's own tools: a host without GNU's. */
const appletFolder = lazily(() => {
  const folder = mkdtempSync(join(tmpdir(), 'vz-applets-'));
  spawnSync('busybox', ['--install', '-s', folder]);
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
});

export type Shell = keyof typeof shells;

/** As the transport does: a subshell, its input apart from the script's text. */
export function runScript(script: Script, shell: Shell = 'dash'): Ran {
  const [program = 'sh', ...rest] = shells[shell];
  const input =
    script.stdin === undefined ? undefined : 'path' in script.stdin ? readFileSync(script.stdin.path) : script.stdin;
  const args = [...rest, '-c', 'eval "$1"', 'sh', `(\n${script.text}\n)`];
  const done = spawnSync(program, args, {
    input: input ?? '',
    encoding: 'utf8',
    timeout: 30_000,
    env: environmentOf(shell),
  });
  return { exitCode: done.status ?? -1, stdout: done.stdout, stderr: done.stderr };
}

/** BusyBox's tools come first; those that it lacks (shadow's, dpkg's) are the machine's. */
function environmentOf(shell: Shell): Record<string, string> {
  const path = process.env.PATH ?? '';
  return { PATH: shell === 'busybox' ? `${appletFolder()}:${path}:/usr/sbin:/sbin` : `${path}:/usr/sbin:/sbin` };
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

export function look(kind: AnyResourceKind, id: unknown, shell: Shell = 'dash'): object | null {
  const ran = runScript(kind.probe([id]), shell);
  const states = kind.parse(ran.stdout, [id]) as Map<string, object | null>;
  const state = states.get(kind.key(id));
  if (state === undefined) throw new Error(`${kind.key(id)} could not be looked at: ${ran.stdout}${ran.stderr}`);
  return state;
}

export interface Converged {
  readonly changes: readonly Change<object>[];
  readonly failed?: Ran;
  readonly outputs: readonly Ran[];
}

/** Looks, compares and applies want by want; checks that what was changed is then as it was predicted. */
export function converge(wants: readonly Want[], shell: Shell = 'dash'): Converged {
  const changes: Change<object>[] = [];
  const outputs: Ran[] = [];
  for (const wanted of wants) {
    const { resource, id } = wanted;
    const current = look(resource, id, shell);
    const change = difference<object>(current, wanted.desired(current));
    changes.push(change);
    if (change.action === 'no-op') continue;
    const ran = runScript(resource.apply(id, change, current), shell);
    outputs.push(ran);
    if (ran.exitCode !== 0) return { changes, failed: ran, outputs };
    verify(resource, id, change, current, look(resource, id, shell));
  }
  return { changes, outputs };
}

function verify(
  kind: AnyResourceKind,
  id: unknown,
  change: Change<object>,
  before: object | null,
  after: object | null,
): void {
  const predicted = (kind.predict ? kind.predict(id, change, before) : { ...before, ...change.after }) as object | null;
  if ((predicted === null) !== (after === null))
    throw new Error(`${kind.key(id)} was predicted ${JSON.stringify(predicted)}, is ${JSON.stringify(after)}`);
  const names: readonly string[] = kind.verifies?.(id, change) ?? Object.keys(change.after ?? {});
  for (const name of names) {
    const [wanted, found] = [predicted, after].map((state) => JSON.stringify(attribute(state, name)));
    if (wanted !== found) throw new Error(`${kind.key(id)}: ${name} was predicted ${wanted}, is ${found}`);
  }
}

function attribute(state: object | null | undefined, name: string): unknown {
  return state ? Reflect.get(state, name) : undefined;
}

export const changed = (converged: Converged): number =>
  converged.changes.filter((change) => change.action !== 'no-op').length;
