// Hetzner Robot's API (dedicated servers): few requests an hour, and an address that logs in wrongly three times is locked out.
import { isJsonObject } from '../../lib/json.ts';
import {
  ApiClient,
  objectOf,
  type ApiAccess,
  type ApiFailure,
  type ApiRequest,
  type ApiResponse,
} from '../http/client.ts';
import { ApiError } from '../http/errors.ts';
import { shape } from '../shape.ts';

const robotUrl = 'https://robot-ws.your-server.de';

export interface RobotOptions extends ApiAccess {
  readonly user: string;
  readonly password: string;
}

export interface RobotServer {
  readonly server_ip: string | null;
  readonly server_number: number;
  readonly server_name: string;
  readonly product: string;
  readonly dc: string;
  readonly status: string;
  readonly cancelled: boolean;
  /** ISO 8601 date. */
  readonly paid_until: string;
}

const serverShape = shape<RobotServer>({
  type: 'object',
  required: ['server_number', 'server_name', 'product', 'dc', 'status', 'cancelled', 'paid_until'],
  properties: {
    server_ip: { type: ['string', 'null'] },
    server_number: { type: 'integer' },
    status: { type: 'string' },
  },
});

export class Robot {
  readonly #client: ApiClient;
  /** A wrong password is not tried twice: after three the address is blocked for ten minutes. */
  #refused: ApiError | null = null;

  constructor(options: RobotOptions) {
    options.redactor.add(options.password);
    const credentials = Buffer.from(`${options.user}:${options.password}`, 'utf8').toString('base64');
    options.redactor.add(credentials);
    this.#client = new ApiClient({
      ...options,
      prefix: 'hrobot API',
      baseUrl: options.baseUrl ?? robotUrl,
      authorize: (headers) => headers.set('authorization', `Basic ${credentials}`),
      explain: explainFailure,
    });
  }

  async servers(signal?: AbortSignal): Promise<readonly RobotServer[]> {
    const answer = await this.#read({ method: 'GET', path: '/server', signal });
    if (!Array.isArray(answer)) throw this.#client.error('api-bad-response', 'the answer is no list of servers');
    return answer.map((one) => this.#server(one));
  }

  /** Rejects with ApiError `api-not-found` where there is none with this address. */
  async server(address: string, signal?: AbortSignal): Promise<RobotServer> {
    return this.#server(await this.#read({ method: 'GET', path: `/server/${encodeURIComponent(address)}`, signal }));
  }

  #server(answer: unknown): RobotServer {
    return serverShape.read(this.#client, isJsonObject(answer) ? answer['server'] : answer, 'the server');
  }

  async #read(request: ApiRequest): Promise<unknown> {
    if (this.#refused) throw this.#refused;
    try {
      return await this.#client.json(request);
    } catch (error) {
      if (error instanceof ApiError && error.code === 'api-unauthorized') this.#refused = error;
      throw error;
    }
  }
}

const hints: Readonly<Record<string, string>> = {
  UNAUTHORIZED:
    'Check HETZNER_ROBOT_USER and HETZNER_ROBOT_PASS (the web service user, not the account). After three wrong log-ins Hetzner blocks the address for ten minutes.',
  SERVER_NOT_FOUND: 'No server of this account has that address.',
};

function explainFailure(response: ApiResponse): ApiFailure | null {
  const error = objectOf(response)?.['error'];
  if (!isJsonObject(error) || typeof error['code'] !== 'string') {
    return response.status === 401
      ? { reason: 'UNAUTHORIZED', message: 'wrong user or password', hint: hints['UNAUTHORIZED'] ?? '' }
      : null;
  }
  const reason = error['code'];
  const message = typeof error['message'] === 'string' ? error['message'] : '';
  if (reason !== 'RATE_LIMIT_EXCEEDED') {
    const hint = hints[reason];
    return { reason, message, ...(hint !== undefined && { hint }) };
  }
  const [most, seconds] = [Number(error['max_request']), Number(error['interval'])];
  const told = `${message} (${most} requests in ${seconds} s)`;
  const hint = `Robot allows ${most} requests in ${Math.round(seconds / 60)} minutes; try again later.`;
  return { code: 'api-rate-limited', reason, message: told, hint };
}
