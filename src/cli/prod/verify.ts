// `prod setup`, last step: every host lets us in, and every health endpoint answers.
import pc from 'picocolors';
import PQueue from 'p-queue';
import { messageOf } from '../../lib/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../output.ts';
import type { Account } from './account.ts';
import { probeEndpoint } from './endpoint.ts';
import { connectHost } from './host.ts';

const concurrency = 16;

/** Resolves to the exit code. */
export async function verify(account: Account, quiet: boolean): Promise<number> {
  const queue = new PQueue({ concurrency });
  const hosts = [...account.infra.hosts.values()].map((host) =>
    queue.add(async (): Promise<readonly [string, string | null]> => {
      try {
        await using _session = await connectHost(host, account.signal);
        return [`ssh ${host.name}`, null];
      } catch (error) {
        return [`ssh ${host.name}`, messageOf(error)];
      }
    }),
  );
  const endpoints = (account.infra.monitoring?.healthEndpoints ?? []).map(({ url }) =>
    queue.add(async (): Promise<readonly [string, string | null]> => [
      `http ${url}`,
      (await probeEndpoint(url, account.signal)).problem,
    ]),
  );
  const results = await Promise.all([...hosts, ...endpoints]);
  for (const [what, problem] of results) {
    if (!quiet) print(problem === null ? `  ${pc.green('ok')} ${what}\n` : `  ${pc.red('x')}  ${what}: ${problem}\n`);
  }
  return results.every(([, problem]) => problem === null) ? exitCodes.ok : exitCodes.unreachable;
}
