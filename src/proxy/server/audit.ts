// Actions of operators on the whole proxy are told with who asked and what came of it, as those on servers are.
import { diffConfigs, showDiff } from '../core/diff/diff.ts';
import type { ControlledProxy } from './controlled-proxy.ts';

type Audited = Pick<ControlledProxy, 'config' | 'events'>;

/** Reloads for those who do not wait for what comes of it, such as signals; they are named like operators. */
export function reloader(proxy: Audited & Pick<ControlledProxy, 'reload'>): (actor: string) => void {
  return (actor) => void audited(proxy, actor, 'reload', () => proxy.reload());
}

/** Does it, and tells everybody who listens. Resolves with what is wrong, if anything. */
export async function audited(
  proxy: Audited,
  actor: string,
  action: 'reload' | 'upgrade',
  work: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const before = proxy.config();
  const problem = await work();
  const diff = showDiff(diffConfigs(before, proxy.config()));
  proxy.events.emit('admin_action', { actor, action, detail: { problem, diff } });
  return problem;
}
