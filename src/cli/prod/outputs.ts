// What things that are there give to others: asked only where somebody refers to it.
import type { Unknown } from '../../core/unknown.ts';
import { balancerOutputs } from '../../infra/desired/load-balancer.ts';
import type { Account } from './account.ts';

/** The address of the load balancer of infra.yaml, if it is there. */
export async function currentOutputs(
  account: Account,
  needs: readonly string[],
): Promise<Map<string, string | Unknown>> {
  const name = account.infra.loadBalancer?.name;
  if (name === undefined || needs.length === 0) return new Map();
  const found = await account.cloud().loadBalancer(name, account.signal);
  return new Map(found ? balancerOutputs(found) : []);
}
