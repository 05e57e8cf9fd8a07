// The cloud as playbooks see it (core/cloud.ts): requests of modules, worked on the true services or their fakes.
import type { Cloud, CloudOptions, CloudReport } from '../core/cloud.ts';
import type { CloudRequest } from '../core/cloud-requests.ts';
import type { Redactor } from '../lib/redact.ts';
import { createClients, type Clients, type Environment } from './access.ts';
import { workLoadBalancer } from './asked/load-balancer.ts';
import { workRecord } from './asked/record.ts';
import { tellRobotServers } from './asked/robot-servers.ts';
import { workServer } from './asked/server.ts';
import { workSnapshot } from './asked/snapshot.ts';
import { createWorker } from './asked/worker.ts';
import type { ApiClock } from './http/client.ts';

export interface CreateCloudOptions {
  readonly clock: ApiClock;
  /** Learns every secret that a client is made with. */
  readonly redactor: Redactor;
  readonly environment: Environment;
}

/** One for each run: a dry run's foresight is kept in it. */
export function createCloud(common: CreateCloudOptions): Cloud {
  const clients = createClients(common);
  const foreseen = new Map<object, Map<string, object | null>>();
  const turns = new Map<string, Promise<unknown>>();
  return {
    work(request, options) {
      // Several hosts of a play may ask for the same thing: one after the other, so that the second finds it done.
      const thing = thingOf(request);
      const turn = (turns.get(thing) ?? Promise.resolve()).then(() =>
        answer(request, options, { ...common, clients, foreseen }),
      );
      turns.set(
        thing,
        turn.catch(() => undefined),
      );
      return turn;
    },
  };
}

/** What no two requests may work on at once. */
function thingOf(request: CloudRequest): string {
  switch (request.kind) {
    case 'hcloud_load_balancer':
    case 'hcloud_server':
      return `${request.kind} ${request.name}`;
    case 'hcloud_snapshot':
      return `${request.kind} ${request.server}`;
    case 'cloudns_record':
      return `${request.kind} ${request.zone} ${request.host}`;
    case 'robot_servers':
      return request.kind;
    default:
      return request satisfies never;
  }
}

interface Given extends CreateCloudOptions {
  readonly clients: Clients;
  readonly foreseen: Map<object, Map<string, object | null>>;
}

async function answer(
  request: CloudRequest,
  options: CloudOptions,
  { clients, clock, environment: own, foreseen }: Given,
): Promise<CloudReport> {
  const environment = { ...own, ...options.environment };
  const workerFor = (client: object) => {
    const states = foreseen.get(client) ?? new Map<string, object | null>();
    foreseen.set(client, states);
    return createWorker(states, clock, options);
  };
  switch (request.kind) {
    case 'hcloud_load_balancer': {
      const cloud = clients.cloud(request.access, environment);
      return workLoadBalancer(cloud, workerFor(cloud), request);
    }
    case 'hcloud_server': {
      const cloud = clients.cloud(request.access, environment);
      return workServer(cloud, workerFor(cloud), request);
    }
    case 'hcloud_snapshot': {
      const cloud = clients.cloud(request.access, environment);
      return workSnapshot(cloud, workerFor(cloud), request);
    }
    case 'cloudns_record': {
      const dns = clients.dns(request.access, environment);
      return workRecord(dns, workerFor(dns), request);
    }
    case 'robot_servers':
      return tellRobotServers(clients.robot(request.access, environment), request, options.signal);
    default:
      return request satisfies never;
  }
}
