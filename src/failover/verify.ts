// Is this really the answer to that request? A 200 of somebody else's request would be the worst failure. Pure.
import type { IncomingHttpHeaders } from 'node:http';
import type { Outcome } from './http-client.ts';
import type { PlannedRequest } from './mix.ts';

export interface Verified {
  /** Null when all is well. */
  readonly problem: string | null;
  /** The name the backend gave itself. */
  readonly backend: string | null;
}

/** Checks status, sender, framing and that the backend received exactly what was sent. */
export function verifyAnswer(planned: PlannedRequest, outcome: Outcome): Verified {
  if (outcome.kind === 'failed') return { problem: outcome.reason, backend: null };
  const backend = backendOf(outcome.headers);
  if (outcome.status !== 200) return { problem: `status ${outcome.status}`, backend };
  if (backend === null) return { problem: 'the answer names no backend', backend };
  const echo = parse(outcome.body);
  if (echo === null) return { problem: 'the body is not JSON', backend };
  return { problem: differenceOf(planned, echo, backend), backend };
}

/** Of a demo backend's answer. */
export function backendOf(headers: IncomingHttpHeaders): string | null {
  const name = headers['x-demo-backend'];
  return typeof name === 'string' && name !== '' ? name : null;
}

/** The cookies of an answer as `name -> value`; attributes do not matter here. */
export function cookiesOf(headers: IncomingHttpHeaders): Map<string, string> {
  const pairs = (headers['set-cookie'] ?? []).map((line) => (line.split(';')[0] ?? '').split('='));
  return new Map(pairs.map(([name = '', ...value]) => [name.trim(), value.join('=').trim()]));
}

function differenceOf(planned: PlannedRequest, echo: Record<string, unknown>, backend: string): string | null {
  const headers = echo['headers'];
  const receivedId = isRecord(headers) ? headers['x-request-id'] : undefined;
  if (echo['name'] !== backend) return 'head and body come from different backends';
  if (receivedId !== planned.id) return 'the answer to another request';
  if (echo['path'] !== planned.path) return 'the backend received another path';
  if (echo['method'] !== (planned.body ? 'POST' : 'GET')) return 'the backend received another method';
  if (planned.body && echo['bodySha256'] !== planned.bodySha256) return 'the backend received another body';
  return null;
}

function parse(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body.toString());
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
