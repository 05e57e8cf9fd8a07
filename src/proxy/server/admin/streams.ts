// What goes on as long as somebody listens: events and the log. Who does not read fast enough is let go of: nothing is kept for him.
import type { ServerResponse } from 'node:http';
import { eventJson, type ProxyEvent } from '../../core/events.ts';
import { entryJson, isAtLeast, type Level, levels } from '../../core/logging/entry.ts';
import { type AdminAnswer, type AdminRequest, problem } from './exchange.ts';

const maxUnsentBytes = 1_048_576;
/** Middlemen close what is silent. */
const heartbeatMs = 15_000;

export function followEvents({ proxy, message, query }: AdminRequest): AdminAnswer {
  const asSse = (message.headers.accept ?? '').includes('text/event-stream');
  const since = Number(message.headers['last-event-id'] ?? query.get('since') ?? 0);
  const written = (event: ProxyEvent): string =>
    asSse ? `id: ${event.id}\nevent: ${event.type}\ndata: ${eventJson(event)}\n\n` : `${eventJson(event)}\n`;
  const before = proxy.events
    .since(Number.isInteger(since) ? since : 0)
    .map(written)
    .join('');
  const headers = { 'Content-Type': asSse ? 'text/event-stream' : 'application/x-ndjson' };
  if (query.get('follow') === '0') return { status: 200, headers, body: before };
  return {
    status: 200,
    headers,
    stream: (response) => {
      response.write(asSse ? `retry: 2000\n\n${before}` : before);
      return following(response, asSse ? ': alive\n\n' : '\n', (send) =>
        proxy.events.subscribe((event) => send(written(event))),
      );
    },
  };
}

export function followLog({ proxy, query }: AdminRequest): AdminAnswer {
  const level = (query.get('level') ?? 'debug') as Level;
  if (!levels.includes(level)) return problem(400, 'bad-level', `level is one of ${levels.join(', ')}`);
  const { entries } = proxy.log;
  const tail = Number(query.get('tail') ?? 100);
  const wanted = entries.last().filter((entry) => isAtLeast(entry.level, level));
  const before = (tail > 0 ? wanted.slice(-tail) : []).map((entry) => `${entryJson(entry)}\n`).join('');
  const headers = { 'Content-Type': 'application/x-ndjson' };
  if (query.get('follow') !== '1') return { status: 200, headers, body: before };
  return {
    status: 200,
    headers,
    stream: (response) => {
      response.write(before);
      return following(response, '\n', (send) =>
        entries.subscribe((entry) => {
          if (isAtLeast(entry.level, level)) send(`${entryJson(entry)}\n`);
        }),
      );
    },
  };
}

function following(
  response: ServerResponse,
  heartbeat: string,
  subscribe: (send: (text: string) => void) => () => void,
): () => void {
  const send = (text: string): void => {
    if (response.writableLength > maxUnsentBytes) response.destroy();
    else response.write(text);
  };
  const end = subscribe(send);
  const timer = setInterval(() => send(heartbeat), heartbeatMs).unref();
  return () => {
    clearInterval(timer);
    end();
  };
}
