// What must hold in the simulation: at every pick, in every queue, and of every server that is taken out.
import type { ServerState } from '../../../../src/proxy/core/balance/server-state.ts';
import { goesBefore } from '../../../../src/proxy/core/balance/wait-queue.ts';
import type { Request } from './request.ts';
import { longestRequestMs, type World } from './world.ts';

/**
 * Whoever is taken out of service is empty as soon as its last request can have ended. Whoever is drained keeps those that
 * are bound to it.
 */
export function expectDrained({ states, out, running, nowMs }: World): void {
  states.forEach((state, index) => {
    const { admin, sinceMs } = out[index] ?? { admin: 'ready', sinceMs: 0 };
    if (admin === 'ready' || nowMs - sinceMs <= longestRequestMs) return;
    if (admin === 'maint' && state.inFlight > 0) throw new Error('a server in maintenance is not empty');
    if (running.some(({ server, bound }) => server === state && !bound)) throw new Error('a drain does not end');
  });
}

/** Nothing is left of any request. */
export function expectEmpty({ states, waiting, queues, running }: World): void {
  if (running.length > 0) throw new Error('a request never ends');
  if (waiting.size > 0 || queues.isWaited) throw new Error('somebody waits for ever');
  if (states.some((state) => state.inFlight !== 0)) throw new Error('in-flight does not return to zero');
  if (states.some((state) => state.queued !== 0)) throw new Error('a queue does not return to zero');
}

/** Who gets a slot of any server is the first of those that wait for any. */
export function expectFirst(request: Request, { waiting }: World): void {
  for (const other of waiting) {
    if (!other.isBound && other.server === undefined && goesBefore(other, request))
      throw new Error('a request was overtaken in the queue');
  }
}

/** Nobody waits for what is there, nor longer than allowed, and the counts are right. */
export function expectQueues({ waiting, states, nowMs, balancer }: World): void {
  if (waiting.size === 0 && states.every((state) => state.queued === 0)) return;
  const own = new Map<ServerState, number>();
  for (const request of waiting) {
    const { server } = request;
    if (nowMs > request.untilMs) throw new Error('waits for longer than it may');
    if (server) own.set(server, (own.get(server) ?? 0) + 1);
    if (server && !balancer.keepsBound(server, nowMs)) throw new Error('waits for a server that is gone');
    if (server && balancer.isFree(server, nowMs, true)) throw new Error('waits for a server with a free slot');
    if (!server && !request.isBound && states.some((state) => !state.config.backup && usable(state, nowMs)))
      throw new Error('waits while a server is free');
  }
  for (const state of states)
    if (state.queued !== (own.get(state) ?? 0)) throw new Error('the queue of a server is miscounted');
}

function usable(state: ServerState, nowMs: number): boolean {
  return state.accepts() && state.suspicionAt(nowMs) !== 'unreachable' && state.isFree(nowMs, 0);
}

export function expectNoneUsable(states: readonly ServerState[], nowMs: number, picked: 'none' | 'full'): void {
  if (picked === 'none' && states.some((state) => usable(state, nowMs)))
    throw new Error('held although a server is usable');
}

export function expectAllowed(
  picked: ServerState,
  states: readonly ServerState[],
  tried: readonly ServerState[],
  bound: ServerState | undefined,
  nowMs: number,
  granted: boolean,
): void {
  if (!picked.up) throw new Error('picked a server that is DOWN');
  if (picked.admin === 'maint') throw new Error('picked a server in maintenance');
  if (!picked.hasSlot(nowMs, 0)) throw new Error('picked a server without a free slot');
  if (picked.admin === 'drain' && picked !== bound) throw new Error('picked a drained server');
  if (picked.suspicionAt(nowMs) !== 'none') throw new Error('picked a suspect');
  if (picked === bound || granted) return;
  const others = states.filter((state) => usable(state, nowMs) && state.config.backup === picked.config.backup);
  if (tried.includes(picked) && others.some((state) => !tried.includes(state)))
    throw new Error('picked one that failed');
  if (picked.config.backup && states.some((state) => usable(state, nowMs) && !state.config.backup))
    throw new Error('picked a backup');
}
