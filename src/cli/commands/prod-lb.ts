// `veza-run prod lb status|create|apply|delete`: the load balancer of infra.yaml.
import type { CloudResult } from '../../infra/converge.ts';
import { balancerResources } from '../../infra/desired/from-infra.ts';
import { absentLoadBalancer } from '../../infra/desired/load-balancer.ts';
import { ownedBy } from '../../infra/desired/ownership.ts';
import { VezaError } from '../../lib/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../output.ts';
import type { Account, ProdFlags } from '../prod/account.ts';
import { balancerText } from '../prod/balancer-text.ts';
import { isHealthy } from '../prod/look.ts';
import { exitCodeOf, printJson, resultJson } from '../prod/present.ts';
import { withAccount } from '../prod/with-account.ts';
import { work, type WorkFlags } from '../prod/work.ts';

export interface LbFlags extends ProdFlags, WorkFlags {
  readonly adopt?: boolean;
}

/** Exit code 1 where a target is not healthy, or there is no such balancer. */
export function lbStatus(flags: LbFlags): Promise<number> {
  return withAccount(flags, { command: 'prod lb status', seconds: 30 }, async (account) => {
    const found = await account.cloud().loadBalancer(nameOf(account), account.signal);
    if (!found) {
      const hint = 'Make it with `veza-run prod lb apply`.';
      throw new VezaError('missing-load-balancer', `there is no load balancer "${nameOf(account)}"`, { hint });
    }
    if (flags.json) printJson(found);
    else print(balancerText(found));
    return isHealthy(found) ? exitCodes.ok : exitCodes.usage;
  });
}

const changeSeconds = 120;

/** Makes the balancer what infra.yaml says, whether it is there or not. */
export function lbApply(flags: LbFlags): Promise<number> {
  return withAccount(flags, { command: 'prod lb apply', seconds: changeSeconds }, (account) => apply(account, flags));
}

async function apply(account: Account, flags: LbFlags): Promise<number> {
  nameOf(account);
  const cloud = account.cloud();
  const servers = await cloud.servers(account.signal);
  const resources = balancerResources(account.infra, cloud, servers, { adopt: flags.adopt ?? false });
  return told(await work(account, resources, flags), flags);
}

/** As `apply`, but only for a balancer that is not there. */
export function lbCreate(flags: LbFlags): Promise<number> {
  return withAccount(flags, { command: 'prod lb create', seconds: changeSeconds }, async (account) => {
    const name = nameOf(account);
    if (!(await account.cloud().loadBalancer(name, account.signal))) return await apply(account, flags);
    if (flags.json) printJson([]);
    else
      print(`the load balancer "${name}" is there already; \`veza-run prod lb apply\` makes it what infra.yaml says\n`);
    return exitCodes.ok;
  });
}

/** Deletes it; only one that veza-run made, and only with --allow-destroy. */
export function lbDelete(flags: LbFlags): Promise<number> {
  return withAccount(flags, { command: 'prod lb delete', seconds: changeSeconds }, async (account) => {
    const cloud = account.cloud();
    const name = nameOf(account);
    const found = await cloud.loadBalancer(name, account.signal);
    if (found && !ownedBy(found.labels) && !flags.adopt) {
      throw new VezaError('foreign-resource', `the load balancer "${name}" was not made by veza-run`, {
        hint: 'Delete it by hand, or add --adopt.',
      });
    }
    if (found && !flags.dryRun && !flags.allowDestroy) {
      throw new VezaError('destroy-not-allowed', `the load balancer "${name}" is kept`, {
        hint: 'Add --allow-destroy to delete it, or --dry-run to see what that would do.',
      });
    }
    if (!found && !flags.json) print(`there is no load balancer "${name}"\n`);
    // A dry run may look at what it would do.
    const allowed = { ...flags, allowDestroy: true };
    return told(found ? await work(account, [absentLoadBalancer(cloud, name)], allowed) : [], flags);
  });
}

function told(results: readonly CloudResult[], flags: LbFlags): number {
  if (flags.json) printJson(results.map(resultJson));
  return exitCodeOf(results, flags.dryRun ?? false);
}

function nameOf({ infra }: Account): string {
  if (infra.loadBalancer) return infra.loadBalancer.name;
  throw new VezaError('missing-section', `${infra.file} has no load_balancer`);
}
