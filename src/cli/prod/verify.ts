// `prod setup`, last step: every host lets us in, and every health endpoint answers.
import PQueue from 'p-queue';
import { messageOf } from '../../lib/errors.ts';
import type { Account } from './account.ts';
import { probeEndpoint } from './endpoint.ts';
import { connectHost } from './host.ts';
import { startProgress } from './progress.ts';

const concurrency = 16;

export interface Check {
  /** `ssh de` or `http https://...`. */
  readonly what: string;
  /** What is wrong; null if nothing is. */
  readonly problem: string | null;
}

/** In the order of the file. */
export async function verify(account: Account): Promise<readonly Check[]> {
  const { infra, signal } = account;
  const queue = new PQueue({ concurrency });
  const hosts = [...infra.hosts.values()].map((host) => ({
    what: `ssh ${host.name}`,
    check: async () => {
      try {
        await using _session = await connectHost(host, signal);
        return null;
      } catch (error) {
        return messageOf(error);
      }
    },
  }));
  const endpoints = (infra.monitoring?.healthEndpoints ?? []).map(({ url }) => ({
    what: `http ${url}`,
    check: async () => (await probeEndpoint(url, { signal, nowMs: account.clock.now() })).problem,
  }));
  const all = [...hosts, ...endpoints];
  using progress = startProgress('checks', all.length);
  return await Promise.all(
    all.map(({ what, check }) =>
      queue.add(async () => {
        const problem = await check();
        progress.advance();
        return { what, problem };
      }),
    ),
  );
}
