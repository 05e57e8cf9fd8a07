// Builds the base tree of all hosts once, and keeps it: a Debian without a kernel, read-only below every host's overlay.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { VezaError } from '../lib/errors.ts';
import { killGroup, removeEmptyGroup, spawnInGroup } from './cgroups.ts';
import { exists } from './files.ts';
import { labLimits } from './limits.ts';
import { takeLock } from './lock.ts';
import { allLabsGroup } from './names.ts';
import type { Recipe } from './recipe.ts';
import { commandEnvironment, run } from './run.ts';

export const defaultCacheDirectory = '/var/cache/veza-run';

interface BaseTreeOptions {
  readonly cacheDirectory: string;
  readonly recipe: Recipe;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (message: string) => void;
}

/** Returns the path of the tree, after building it if there is none of this recipe. Safe to call from many processes. */
export async function ensureBaseTree(options: BaseTreeOptions): Promise<string> {
  const { cacheDirectory, recipe, onProgress } = options;
  const tree = join(cacheDirectory, `base-${recipe.key}`);
  if (await exists(tree)) return tree;
  await using _lock = await takeLock(join(cacheDirectory, 'build.lock'), {
    signal: options.signal,
    onWait: () => onProgress('waiting for another process that builds the base tree'),
  });
  if (await exists(tree)) return tree;
  await removeLeftovers(cacheDirectory);
  await build(options, tree);
  return tree;
}

async function build({ cacheDirectory, recipe, signal, onProgress }: BaseTreeOptions, tree: string): Promise<void> {
  const startedAt = performance.now();
  const partial = join(cacheDirectory, `partial-${recipe.key}`);
  const customize = join(partial, 'customize.sh');
  const built = join(partial, 'tree');
  onProgress(`building the base tree (Debian ${recipe.suite}), once; this downloads packages`);
  await mkdir(partial, { recursive: true });
  await writeFile(customize, recipe.customize, { mode: 0o755 });
  const argv = [
    // In a mount namespace of its own: a build that is killed leaves no mounts.
    ...['unshare', '--mount', 'mmdebstrap', '--mode=root', '--variant=minbase'],
    `--include=${recipe.packages.join(',')}`,
    // The hook leaves lists of the local repository and nothing else.
    '--skip=cleanup/apt',
    `--customize-hook=${customize}`,
    recipe.suite,
    built,
  ];
  await runBuild(buildGroup(cacheDirectory), argv, onProgress, signal);
  // Appears under its name only when it is whole.
  await rename(built, tree);
  await rm(partial, { recursive: true });
  onProgress(`base tree built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s: ${tree}`);
}

async function runBuild(
  group: string,
  argv: readonly string[],
  onProgress: (message: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const child = await spawnInGroup(group, argv, ['ignore', 'pipe', 'pipe'], commandEnvironment());
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      said.push(line);
      if (said.length > 10) said.shift();
      // mmdebstrap marks its own messages with `I: `; the rest is dpkg's chatter.
      if (line.startsWith('I: ')) onProgress(`base tree: ${line.slice(3)}`);
    });
  }
  const expired = AbortSignal.timeout(labLimits.buildTimeoutMs);
  try {
    const stop = signal ? AbortSignal.any([signal, expired]) : expired;
    await once(child, 'close', { signal: stop });
    if (child.exitCode === 0) return;
    throw new VezaError('lab-base-tree', `building the base tree failed:\n${said.join('\n')}`, {
      hint: 'It downloads Debian packages: is the mirror of this machine reachable (apt-get update)?',
    });
  } finally {
    await killGroup(group);
    await removeEmptyGroup(allLabsGroup);
  }
}

/** The control group of builds in this cache: what is still in it when the lock is ours was left by a crash. */
function buildGroup(cacheDirectory: string): string {
  const hash = createHash('sha256').update(cacheDirectory).digest('hex').slice(0, 8);
  return `${allLabsGroup}/.build-${hash}`;
}

/** What a build left that did not come to its end. Called with the lock held. */
async function removeLeftovers(cacheDirectory: string): Promise<void> {
  await killGroup(buildGroup(cacheDirectory));
  const names = (await readdir(cacheDirectory)).filter((name) => name.startsWith('partial-'));
  for (const name of names) await run(['rm', '-rf', '--one-file-system', join(cacheDirectory, name)]);
}
