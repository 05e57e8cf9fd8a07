// What things that are there give to others: asked only where somebody refers to it.
import type { Unknown } from '../../core/unknown.ts';
import type { Account } from './account.ts';

/** The address of the load balancer of infra.yaml, if it is there. */
export async function currentOutputs(
  account: Account,
  needs: readonly string[],
): Promise<Map<string, string | Unknown>> {
  const outputs = new Map<string, string | Unknown>();
  const name = account.infra.loadBalancer?.name;
  if (name === undefined || needs.length === 0) return outputs;
  const found = await account.cloud().loadBalancer(name, account.signal);
  const address = found?.public_net.ipv4.ip;
  if (typeof address === 'string') outputs.set('lb_ip', address);
  const own = found?.private_net[0]?.ip;
  if (own !== undefined) outputs.set('lb_private_ip', own);
  return outputs;
}
