// Hetzner Cloud's API: reading with pages, changing with actions that are waited for.
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import {
  ApiClient,
  objectOf,
  type ApiAccess,
  type ApiClock,
  type ApiFailure,
  type ApiResponse,
} from '../http/client.ts';
import { ApiError } from '../http/errors.ts';
import type { Shape } from '../shape.ts';
import {
  actionShape,
  certificateShape,
  firewallShape,
  imageShape,
  loadBalancerShape,
  networkShape,
  serverShape,
  type Action,
  type Certificate,
  type Firewall,
  type Image,
  type LoadBalancer,
  type Network,
  type Server,
} from './types.ts';

const hetznerCloudUrl = 'https://api.hetzner.cloud/v1';

export interface HetznerCloudOptions extends ApiAccess {
  readonly token: string;
}

/** The largest page that the API gives. */
const pageSize = 50;
/** Between two looks at a running action. */
const actionPollMs = 500;
/** How often a thing is asked again that says it is busy. */
const busyRetries = 5;
/** A system that takes longer to shut down does not listen. */
const shutdownTimeoutMs = 90_000;
const shutdownPollMs = 2000;
/** An action that runs longer than that is not waited for; copying disks takes its time. */
const actionTimeoutMs = 120_000;
const copyTimeoutMs = 30 * 60_000;
const copies: ReadonlySet<string> = new Set(['create_image', 'change_type', 'change_server_type', 'create_server']);

export class HetznerCloud {
  readonly #client: ApiClient;
  readonly #clock: ApiClock;

  constructor(options: HetznerCloudOptions) {
    options.redactor.add(options.token);
    this.#clock = options.clock;
    this.#client = new ApiClient({
      ...options,
      prefix: 'hcloud API',
      baseUrl: options.baseUrl ?? hetznerCloudUrl,
      authorize: (headers) => headers.set('authorization', `Bearer ${options.token}`),
      explain: explainFailure,
    });
  }

  /** `labels` is a selector such as `role=web,!old`. */
  servers(signal?: AbortSignal, labels = ''): Promise<readonly Server[]> {
    return this.#all('servers', serverShape, labels === '' ? {} : { label_selector: labels }, signal);
  }

  async server(name: string, signal?: AbortSignal): Promise<Server | null> {
    const found = await this.#all('servers', serverShape, { name }, signal);
    return found.find((one) => one.name === name) ?? null;
  }

  /** Resolves when the server is off. Rejects with ApiError `api-timeout` where it does not shut down. */
  async isOff(name: string, signal?: AbortSignal): Promise<void> {
    for (const end = this.#clock.now() + shutdownTimeoutMs; ;) {
      const server = await this.server(name, signal);
      if (!server || server.status === 'off') return;
      if (this.#clock.now() > end) {
        const message = `the server "${name}" has not shut down within ${shutdownTimeoutMs / 1000} s`;
        throw this.#client.error('api-timeout', message, {
          hint: 'Its system does not answer to the power button; `force: true` cuts its power.',
        });
      }
      await this.#clock.sleep(shutdownPollMs, signal);
    }
  }

  loadBalancers(signal?: AbortSignal): Promise<readonly LoadBalancer[]> {
    return this.#all('load_balancers', loadBalancerShape, {}, signal);
  }

  certificates(signal?: AbortSignal): Promise<readonly Certificate[]> {
    return this.#all('certificates', certificateShape, {}, signal);
  }

  networks(signal?: AbortSignal): Promise<readonly Network[]> {
    return this.#all('networks', networkShape, {}, signal);
  }

  snapshots(signal?: AbortSignal): Promise<readonly Image[]> {
    return this.#all('images', imageShape, { type: 'snapshot' }, signal);
  }

  /** The load balancer of that name, or null. */
  loadBalancer(name: string, signal?: AbortSignal): Promise<LoadBalancer | null> {
    return this.#named('load_balancers', loadBalancerShape, name, signal);
  }

  firewall(name: string, signal?: AbortSignal): Promise<Firewall | null> {
    return this.#named('firewalls', firewallShape, name, signal);
  }

  certificate(name: string, signal?: AbortSignal): Promise<Certificate | null> {
    return this.#named('certificates', certificateShape, name, signal);
  }

  network(name: string, signal?: AbortSignal): Promise<Network | null> {
    return this.#named('networks', networkShape, name, signal);
  }

  /** Makes a change and waits until its actions are done. Rejects with ApiError, `uncertain` where an answer was lost. */
  async change(method: 'POST' | 'PUT' | 'DELETE', path: string, json: unknown, signal?: AbortSignal): Promise<unknown> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await this.#client.json({ method, path, json, signal, repeatable: false });
        for (const action of actionsOf(this.#client, answer)) await this.#finished(action, signal);
        return answer;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (method === 'DELETE' && error.status === 404) return null;
        // Another action on the same thing is still running.
        const busy = error.reason === 'conflict' || error.reason === 'locked';
        if (!busy || attempt >= busyRetries) throw error;
        await this.#clock.sleep(Math.min(1000 * 2 ** attempt, 10_000), signal);
      }
    }
  }

  async #finished(first: Action, signal: AbortSignal | undefined): Promise<void> {
    const timeoutMs = copies.has(first.command) ? copyTimeoutMs : actionTimeoutMs;
    const end = this.#clock.now() + timeoutMs;
    for (let action = first; action.status !== 'success';) {
      if (action.status === 'error') {
        const reason = action.error?.code ?? 'unknown';
        const message = `${action.command} failed: ${reason}: ${action.error?.message ?? 'no reason given'}`;
        throw this.#client.error('api-refused', message, { reason });
      }
      if (this.#clock.now() > end) {
        throw this.#client.error('api-timeout', `${action.command} still runs after ${timeoutMs / 1000} s`);
      }
      await this.#clock.sleep(actionPollMs, signal);
      const answer = await this.#client.json({ method: 'GET', path: `/actions/${action.id}`, signal });
      action = actionShape.read(this.#client, isJsonObject(answer) ? answer['action'] : null, 'the action');
    }
  }

  /** The one of that name, or null. */
  async #named<T extends { readonly name: string }>(
    list: string,
    one: Shape<T>,
    name: string,
    signal: AbortSignal | undefined,
  ): Promise<T | null> {
    const found = await this.#all(list, one, { name }, signal);
    return found.find((each) => each.name === name) ?? null;
  }

  async #all<T>(
    name: string,
    one: Shape<T>,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<readonly T[]> {
    const found: T[] = [];
    for (let page = 1; ;) {
      const asked = { ...query, page, per_page: pageSize };
      const answer = await this.#client.json({ method: 'GET', path: `/${name}`, query: asked, signal });
      const list = isJsonObject(answer) ? answer[name] : undefined;
      if (!Array.isArray(list)) {
        throw this.#client.error('api-bad-response', `the answer has no list of ${name.replaceAll('_', ' ')}`);
      }
      for (const item of list) found.push(one.read(this.#client, item, `one of the ${name.replaceAll('_', ' ')}`));
      const next = nextPage(answer);
      if (next === null || next <= page) return found;
      page = next;
    }
  }
}

function nextPage(answer: unknown): number | null {
  const meta = isJsonObject(answer) ? answer['meta'] : undefined;
  const pagination = isJsonObject(meta) ? meta['pagination'] : undefined;
  const next = isJsonObject(pagination) ? pagination['next_page'] : undefined;
  return typeof next === 'number' ? next : null;
}

function actionsOf(client: ApiClient, answer: unknown): readonly Action[] {
  if (!isJsonObject(answer)) return [];
  const all = [answer['action'], answer['actions'], answer['next_actions']].flat().filter((one) => isJsonObject(one));
  return all.map((one) => actionShape.read(client, one, 'the action'));
}

const hints: Readonly<Record<string, string>> = {
  unauthorized: 'Check HCLOUD_TOKEN: it is wrong, revoked, or of another project.',
  forbidden: 'The token may only read. Make one with "Read & Write".',
  token_readonly: 'The token may only read. Make one with "Read & Write".',
  cloud_resource_ip_not_allowed:
    'The address is of a cloud server: give the host `type: hcloud`, so that it is a server target.',
  ip_not_owned: 'Addresses can only be targets if they belong to a Robot server of the same owner.',
  server_not_attached_to_network: 'Attach the server to the network of the load balancer first.',
  dns_zone_not_found:
    'Hetzner gets certificates only for zones on its own name servers. Get them by dns-01: `ssl.wildcard`, prod setup --agree-terms.',
  could_not_verify_domain_delegated_to_zone: 'The domain is not delegated to the name servers of Hetzner yet.',
  caa_record_does_not_allow_ca: 'Let the CAA records of the zone allow letsencrypt.org.',
  uniqueness_error: 'Something of that name is there already.',
  resource_limit_exceeded: "The project's limit is reached; ask Hetzner to raise it.",
};

/** The envelope `error{code,message,details}`. */
function explainFailure(response: ApiResponse): ApiFailure | null {
  const error = objectOf(response)?.['error'];
  if (!isJsonObject(error) || typeof error['code'] !== 'string') return null;
  const reason = error['code'];
  const hint = hints[reason];
  return {
    reason,
    message: textIn(error, 'message') + fieldsOf(error['details']),
    ...(hint !== undefined && { hint }),
  };
}

/** Which fields of the request are wrong, and why. */
function fieldsOf(details: unknown): string {
  const fields = isJsonObject(details) ? details['fields'] : undefined;
  if (!Array.isArray(fields)) return '';
  const told = fields
    .filter((one) => isJsonObject(one))
    .map((one) => {
      const messages = Array.isArray(one['messages']) ? one['messages'].map(String).join(', ') : '';
      return `${textIn(one, 'name')}: ${messages}`;
    });
  return told.length === 0 ? '' : ` (${told.join('; ')})`;
}

function textIn(object: JsonObject, key: string): string {
  const value = object[key];
  return typeof value === 'string' ? value : '';
}
