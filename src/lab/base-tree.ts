// Builds the base tree of all hosts once, and keeps it: a Debian without a kernel, read-only below every host's overlay.
import { access, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { labLimits } from './limits.ts';
import { takeLock } from './lock.ts';
import type { Recipe } from './recipe.ts';
import { run } from './run.ts';

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
    'mmdebstrap',
    '--mode=root',
    '--variant=minbase',
    `--include=${recipe.packages.join(',')}`,
    // The hook leaves lists of the local repository and nothing else.
    '--skip=cleanup/apt',
    `--customize-hook=${customize}`,
    recipe.suite,
    built,
  ];
  await run(argv, {
    timeoutMs: labLimits.buildTimeoutMs,
    signal,
    // mmdebstrap marks its own messages with `I: `; the rest is dpkg's chatter.
    onLine: (line) => {
      if (line.startsWith('I: ')) onProgress(`base tree: ${line.slice(3)}`);
    },
  });
  // Appears under its name only when it is whole.
  await rename(built, tree);
  await rm(partial, { recursive: true });
  onProgress(`base tree built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s: ${tree}`);
}

/** What a build left that did not come to its end. Called with the lock held. */
async function removeLeftovers(cacheDirectory: string): Promise<void> {
  const names = (await readdir(cacheDirectory)).filter((name) => name.startsWith('partial-'));
  for (const name of names) await run(['rm', '-rf', '--one-file-system', join(cacheDirectory, name)]);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
