// What a failed attempt says about its server: counters, and whether traffic should avoid it until a check has looked.
import type { UpstreamConnection } from './upstream-connection.ts';
import type { Failure } from './upstream-owner.ts';
import type { WorkerContext } from './worker-context.ts';

export function blame({ server, uses }: UpstreamConnection, failure: Failure, context: WorkerContext): void {
  if (failure !== 'local' && failure !== 'down' && !(uses > 0 && (failure === 'reset' || failure === 'eof'))) {
    context.observe(server, failure === 'refused' || failure === 'connect-timeout' ? 'connect-failed' : 'failed');
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
      return;
    default:
      failure satisfies never;
  }
}
