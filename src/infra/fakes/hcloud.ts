// Hetzner Cloud with servers, load balancers, certificates, networks and snapshots in memory: pages, actions that take time,
// tokens, and the refusals of the true one.
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { hcloudRoutes } from './hcloud-routes.ts';
import { createState, type HcloudState, type SavedHcloud } from './hcloud-state.ts';
import { startFake, type FakeAnswer, type FakeRequest, type FakeService } from './server.ts';

export interface FakeHcloudOptions {
  /** Tokens and what they may do. */
  readonly tokens: Readonly<Record<string, 'read' | 'read-write'>>;
  readonly servers?: readonly {
    readonly name: string;
    readonly ip: string;
    readonly labels?: Readonly<Record<string, string>>;
  }[];
  /** Names of keys that new servers may let in. */
  readonly sshKeys?: readonly string[];
  /** Addresses of dedicated servers of the same owner, which may be targets. */
  readonly robotAddresses?: readonly string[];
  /** Default: 3600 in an hour. */
  readonly rateLimit?: { readonly requests: number; readonly windowMs: number };
  readonly latencyMs?: number;
  /** What an earlier start held. */
  readonly saved?: SavedHcloud | undefined;
  /** How often an action says `running` before it is done. */
  readonly actionPolls?: number;
}

export interface FakeHcloud extends FakeService {
  readonly state: HcloudState;
  /** A token stops working. */
  revoke(token: string): void;
}

export async function startFakeHcloud(options: FakeHcloudOptions): Promise<FakeHcloud> {
  const tokens = new Map(Object.entries(options.tokens));
  const state = createState(options);
  const answer = (request: FakeRequest): FakeAnswer => {
    const rights = tokens.get(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '');
    if (!rights) return refuse(401, 'unauthorized', 'unable to authenticate');
    if (rights === 'read' && request.method !== 'GET')
      return refuse(403, 'token_readonly', 'token is only allowed to perform GET requests');
    const body = bodyOf(request);
    if (body === null) return refuse(400, 'json_error', 'the request body is no JSON object');
    for (const { method, pattern, respond } of hcloudRoutes) {
      const found = method === request.method ? pattern.exec(request.path) : null;
      if (found) return respond({ state, query: request.query, body, parts: found.slice(1) });
    }
    return refuse(404, 'not_found', 'resource not found');
  };
  const { requests, windowMs } = options.rateLimit ?? { requests: 3600, windowMs: 3_600_000 };
  const service = await startFake({
    answer,
    rateLimit: { requests, windowMs, beyond: refuse(429, 'rate_limit_exceeded', 'limit of requests per hour reached') },
    ...(options.latencyMs !== undefined && { latencyMs: options.latencyMs }),
  });
  return { ...service, url: service.url, state, revoke: (token) => void tokens.delete(token) };
}

/** The error envelope. */
export function refuse(status: number, code: string, message: string, details: JsonObject | null = null): FakeAnswer {
  return { status, body: { error: { code, message, details } } };
}

function bodyOf({ text }: FakeRequest): JsonObject | null {
  if (text === '') return {};
  try {
    const body: unknown = JSON.parse(text);
    return isJsonObject(body) ? body : null;
  } catch {
    return null;
  }
}
