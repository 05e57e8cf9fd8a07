// What a failed attempt says about its server: counters, and whether traffic should avoid it until a check has looked.
import type { ServerRuntime } from './runtime.ts';
import type { Failure, Upstream } from './upstream-owner.ts';
import type { WorkerContext } from './worker-context.ts';

/** Not the server's fault, or no fault. */
const harmless: ReadonlySet<Failure> = new Set(['local', 'down', 'refused-stream', 'goaway', 'no-upgrade']);

/** Longest time a worker avoids a server on its own when nothing is heard from the master. */
const suspicionMs = 10_000;
/** HAProxy's turn-around: a second, or the time that a connection may take. */
const turnAroundMs = 1000;

/** How long a server that failed is left alone where there are others: until a check has looked, where there is one. */
export function sparedMs(server: ServerRuntime): number {
  return server.config.check ? suspicionMs : restMs(server);
}

/** How long it is left alone where there is no other. */
export function restMs({ backend }: ServerRuntime): number {
  return Math.min(turnAroundMs, backend.config.timeouts.connectMs);
}

/** Nothing was heard on a connection that was to be opened. */
export function isUnconnected(failure: Failure): boolean {
  return failure === 'refused' || failure === 'connect-timeout';
}

export function blame({ server, uses }: Upstream, failure: Failure, context: WorkerContext): void {
  if (!harmless.has(failure) && !(uses > 0 && (failure === 'reset' || failure === 'eof'))) {
    context.observe(server, isUnconnected(failure) ? 'connect-failed' : 'failed');
  }
  switch (failure) {
    case 'refused':
    case 'connect-timeout':
      server.counters.connectErrors += 1;
      context.accuse(server, 'unreachable');
      return;
    case 'timeout':
      server.counters.responseErrors += 1;
      context.accuse(server, 'silent');
      return;
    case 'reset':
    case 'eof':
      server.counters.responseErrors += 1;
      // A kept connection that was closed says nothing about the server. And one request can break a connection without
      // the server being ill: where there is no check to tell, it is not avoided.
      if (uses === 0 && server.config.check) context.accuse(server, 'unreachable');
      return;
    case 'malformed':
      server.counters.responseErrors += 1;
      return;
    case 'local':
    case 'down':
    case 'refused-stream':
    case 'goaway':
    case 'no-upgrade':
      return;
    default:
      failure satisfies never;
  }
}
