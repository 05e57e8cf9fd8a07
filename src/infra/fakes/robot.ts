// Hetzner Robot, as far as it is used: log-in, servers, its rate limit told as 403, and the lock after wrong log-ins.
import type { RobotServer } from '../robot/client.ts';
import { startFake, type FakeAnswer, type FakeRequest, type FakeService } from './server.ts';

export interface FakeRobotOptions {
  readonly user: string;
  readonly password: string;
  readonly servers: readonly RobotServer[];
  /** Default: 200 in an hour, as Robot has it. */
  readonly requestsPerHour?: number;
}

export interface FakeRobot extends FakeService {
  /** Wrong log-ins so far; the third one blocks. */
  readonly wrongLogins: () => number;
}

export async function startFakeRobot(options: FakeRobotOptions): Promise<FakeRobot> {
  const credentials = `Basic ${Buffer.from(`${options.user}:${options.password}`).toString('base64')}`;
  const requests = options.requestsPerHour ?? 200;
  let wrong = 0;
  const answer = (request: FakeRequest): FakeAnswer => {
    if (wrong >= 3) return failure(403, 'RATE_LIMIT_EXCEEDED', 'login blocked', { max_request: 3, interval: 600 });
    if (request.headers.authorization !== credentials) {
      wrong += 1;
      return failure(401, 'UNAUTHORIZED', 'Unauthorized');
    }
    if (request.path === '/server') return { status: 200, body: options.servers.map((server) => ({ server })) };
    const address = /^\/server\/([^/]+)$/.exec(request.path)?.[1];
    const server = options.servers.find(({ server_ip }) => server_ip === decodeURIComponent(address ?? ''));
    return server ? { status: 200, body: { server } } : failure(404, 'SERVER_NOT_FOUND', 'server not found');
  };
  const beyond = failure(403, 'RATE_LIMIT_EXCEEDED', 'rate limit exceeded', { max_request: requests, interval: 3600 });
  const service = await startFake({ answer, rateLimit: { requests, windowMs: 3_600_000, beyond } });
  return { ...service, wrongLogins: () => wrong };
}

function failure(status: number, code: string, message: string, more: object = {}): FakeAnswer {
  return { status, body: { error: { status, code, message, ...more } } };
}
