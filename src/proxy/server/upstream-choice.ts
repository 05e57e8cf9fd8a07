// Which connection to its server a request gets: a stream of HTTP/2, one of HTTP/1 that was kept, or a new one.
import type { ExchangeState } from './exchange-state.ts';
import { introduction } from './reception.ts';
import type { ServerRuntime } from './runtime.ts';
import { UpstreamConnection } from './upstream-connection.ts';
import type { Upstream } from './upstream-owner.ts';
import type { WorkerContext } from './worker-context.ts';

/** `fresh`: not over a kept connection. */
export function upstreamFor(
  { client, config, head, replayable }: ExchangeState,
  server: ServerRuntime,
  fresh: boolean,
  context: WorkerContext,
): Upstream {
  const { sendProxy } = config;
  if (server.http2?.takes(head, context.now()) === true) {
    const intro = introduction(client.from, sendProxy);
    return server.http2.open(head, context, { intro, fresh, careful: !replayable });
  }
  // Nobody can say whether a request on a kept connection that breaks was executed: what may not be repeated gets a
  // connection of its own. So does a tunnel: a server that stops may still answer on kept ones, and refuse tunnels.
  const shared = replayable && !fresh && !head.asksForTunnel && sendProxy === 'off';
  const idle = shared ? server.idle.pop() : undefined;
  if (idle) server.counters.reuses += 1;
  else server.counters.connects += 1;
  return idle ?? new UpstreamConnection(server, context, introduction(client.from, sendProxy));
}
