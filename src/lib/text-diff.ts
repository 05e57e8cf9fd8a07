// Unified diffs of texts, as people read them in reviews.
import { createTwoFilesPatch } from 'diff';
import { limits } from './limits.ts';

/** A unified diff with `limits.diffContextLines` of context; `null` stands for a text that does not exist. */
export function unifiedDiff(path: string, before: string | null, after: string | null): string {
  if ((before?.length ?? 0) + (after?.length ?? 0) > 2 * limits.diffBytes) return `(${path}: too large to show)\n`;
  const patch = createTwoFilesPatch(
    before === null ? '/dev/null' : path,
    after === null ? '/dev/null' : path,
    before ?? '',
    after ?? '',
    undefined,
    undefined,
    { context: limits.diffContextLines },
  );
  // The first lines are a name and a ruler that `diff -u` does not print.
  return patch.replace(/^(?:Index: .*\n)?=+\n/, '').replace(/^(---|\+\+\+) (.*)\t$/gm, '$1 $2');
}
