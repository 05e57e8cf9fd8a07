// Plans and applies resources of the cloud, and tells it: what `prod setup`, `prod dns` and `prod lb` share.
import { converge, type CloudResult } from '../../infra/converge.ts';
import type { AnyCloudResource } from '../../infra/resource.ts';
import type { Unknown } from '../../core/unknown.ts';
import { print } from '../output.ts';
import type { Account } from './account.ts';
import { resultLines, summary } from './present.ts';
import { startProgress } from './progress.ts';

export interface WorkFlags {
  readonly dryRun?: boolean;
  readonly allowDestroy?: boolean;
  readonly json?: boolean;
}

/** Things worked on at once: below the limits of all services. */
const concurrency = 8;

/** Works the resources; what became of each is printed as it happens (not with --json). */
export async function work(
  account: Account,
  resources: readonly AnyCloudResource[],
  flags: WorkFlags,
  outputs: Map<string, string | Unknown> = new Map(),
): Promise<readonly CloudResult[]> {
  using progress = startProgress('things', resources.length);
  const tell = (result: CloudResult) => {
    progress.advance();
    if (flags.json) return;
    for (const line of resultLines(result)) progress.write(`${account.redactor.redact(line)}\n`);
  };
  const results = await converge(resources, {
    dryRun: flags.dryRun ?? false,
    allowDestroy: flags.allowDestroy ?? false,
    concurrency,
    outputs,
    clock: account.clock,
    signal: account.signal,
    onResult: tell,
  });
  if (!flags.json) print(`  ${summary(results, flags.dryRun ?? false)}\n`);
  return results;
}
