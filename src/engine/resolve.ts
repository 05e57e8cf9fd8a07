// Computes what depends on things that are not known yet: facts are gathered, pending changes applied, then it is computed again.
import { VezaError } from '../lib/errors.ts';
import type { Converger } from './converge.ts';
import { factLook, gatherOthers } from './gather.ts';

/** The value as far as it can be known now; `open` tells that it is not. Throws the VezaError that is left at the end. */
export async function resolve<T>(converger: Converger, compute: () => T, open: (value: T) => boolean): Promise<T> {
  for (;;) {
    const found = attempt(compute);
    if (found.kind === 'value' && !open(found.value)) return found.value;
    if (await gatherWanted(converger)) continue;
    if (!converger.queue.empty) await converger.queue.flush();
    else if (found.kind === 'value') return found.value;
    else throw found.error;
  }
}

/** Gathers the facts that expressions have asked for; returns whether there were any. */
export async function gatherWanted(converger: Converger): Promise<boolean> {
  const { run, host, play } = converger.context;
  const own = host.gathered.wanted;
  if (own) {
    const facts = factLook(run, host, play);
    if (facts) await converger.look([facts]);
    if (facts) facts.learn();
    else host.gathered.giveUp(null);
  }
  return (await gatherOthers(run, host, play)) || own;
}

type Attempt<T> = { readonly kind: 'value'; readonly value: T } | { readonly kind: 'error'; readonly error: VezaError };

/** The value, or the VezaError that came instead; other errors are thrown. */
function attempt<T>(compute: () => T): Attempt<T> {
  try {
    return { kind: 'value', value: compute() };
  } catch (error) {
    if (error instanceof VezaError) return { kind: 'error', error };
    throw error;
  }
}
