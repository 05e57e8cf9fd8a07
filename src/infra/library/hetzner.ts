// Hetzner Cloud and Robot for programs, by the names that the library has for them.
import { HetznerCloud } from '../hetzner-cloud/client.ts';
import type { LoadBalancer, Server, Service, Target } from '../hetzner-cloud/types.ts';
import { ApiError } from '../http/errors.ts';
import { Robot as RobotClient, type RobotServer } from '../robot/client.ts';
import { accessOf, type LibraryAccess } from './access.ts';

export interface HCloudOptions extends LibraryAccess {
  readonly token: string;
}

/** As the API takes it; what is left out has the API's default. */
export interface NewLoadBalancer {
  readonly name: string;
  readonly load_balancer_type: string;
  readonly location?: string;
  readonly network_zone?: string;
  readonly algorithm?: { readonly type: 'round_robin' | 'least_connections' };
  readonly services?: readonly Service[];
  readonly targets?: readonly Omit<Target, 'health_status'>[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly public_interface?: boolean;
  readonly network?: number;
}

/** Every method rejects with ApiError; an abort signal may come last. */
export class HCloud {
  readonly #cloud: HetznerCloud;

  constructor(options: HCloudOptions) {
    this.#cloud = new HetznerCloud({ ...accessOf(options), token: options.token });
  }

  /** `labels` is a selector such as `role=web,!old`. */
  listServers(labels?: string, signal?: AbortSignal): Promise<readonly Server[]> {
    return this.#cloud.servers(signal, labels);
  }

  getServer(name: string, signal?: AbortSignal): Promise<Server | null> {
    return this.#cloud.server(name, signal);
  }

  listLoadBalancers(signal?: AbortSignal): Promise<readonly LoadBalancer[]> {
    return this.#cloud.loadBalancers(signal);
  }

  async getLoadBalancer(id: number, signal?: AbortSignal): Promise<LoadBalancer | null> {
    return (await this.#cloud.loadBalancers(signal)).find((one) => one.id === id) ?? null;
  }

  /** Resolves when all its actions are done. */
  async createLoadBalancer(wanted: NewLoadBalancer, signal?: AbortSignal): Promise<LoadBalancer> {
    await this.#cloud.change('POST', '/load_balancers', wanted, signal);
    const made = await this.#cloud.loadBalancer(wanted.name, signal);
    if (made) return made;
    throw new ApiError(
      'api-bad-response',
      `hcloud API: the load balancer "${wanted.name}" was made, but is not listed`,
    );
  }

  /** One that is gone already is no error. */
  async deleteLoadBalancer(id: number, signal?: AbortSignal): Promise<void> {
    await this.#cloud.change('DELETE', `/load_balancers/${id}`, undefined, signal);
  }

  /** Resolves when the snapshot is made. */
  async createSnapshot(serverId: number, description: string, signal?: AbortSignal): Promise<void> {
    const body = { description, type: 'snapshot' };
    await this.#cloud.change('POST', `/servers/${serverId}/actions/create_image`, body, signal);
  }
}

export interface RobotOptions extends LibraryAccess {
  readonly user: string;
  readonly password: string;
}

/** Dedicated servers. A log-in that failed is not tried again: the third one blocks the address. */
export class Robot {
  readonly #robot: RobotClient;

  constructor(options: RobotOptions) {
    const { user, password } = options;
    this.#robot = new RobotClient({ ...accessOf(options), user, password });
  }

  listServers(signal?: AbortSignal): Promise<readonly RobotServer[]> {
    return this.#robot.servers(signal);
  }

  /** Rejects with ApiError `api-not-found` where there is none with this address. */
  getServer(ip: string, signal?: AbortSignal): Promise<RobotServer> {
    return this.#robot.server(ip, signal);
  }
}
