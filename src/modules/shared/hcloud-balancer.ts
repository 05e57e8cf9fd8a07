// Services and targets of a load balancer as arguments, with the defaults that Hetzner's API has.
import type { BalancerService, BalancerTarget } from '../../core/cloud-requests.ts';
import { VezaError } from '../../lib/errors.ts';

const port = { type: 'integer', minimum: 1, maximum: 65_535 } as const;
const seconds = (maximum: number) => ({ type: 'integer', minimum: 1, maximum }) as const;

export const serviceSchema = {
  type: 'object',
  required: ['protocol', 'listen_port'],
  additionalProperties: false,
  properties: {
    protocol: { enum: ['tcp', 'http', 'https'], description: 'https ends TLS here, and needs certificates.' },
    listen_port: port,
    destination_port: { ...port, description: 'Of the targets; default: listen_port, and 80 for https.' },
    proxyprotocol: { type: 'boolean', default: false },
    health_check: {
      type: 'object',
      additionalProperties: false,
      properties: {
        protocol: { enum: ['tcp', 'http'], description: 'Default: tcp for tcp services, else http.' },
        port: { ...port, description: 'Default: destination_port.' },
        interval: { type: 'integer', minimum: 3, maximum: 60, default: 15, description: 'Seconds.' },
        timeout: { ...seconds(60), default: 10, description: 'Seconds.' },
        retries: { type: 'integer', minimum: 1, maximum: 5, default: 3 },
        http: {
          type: 'object',
          additionalProperties: false,
          properties: {
            domain: { type: 'string' },
            path: { type: 'string', pattern: '^/', default: '/' },
            response: { type: 'string', description: 'Text that the body must hold.' },
            status_codes: { type: 'array', items: { type: ['string', 'integer'] }, description: 'Such as 2??.' },
            tls: { type: 'boolean', default: false },
          },
        },
      },
    },
    http: {
      type: 'object',
      additionalProperties: false,
      properties: {
        certificates: { type: 'array', items: { type: ['string', 'integer'] }, description: 'Names or numbers.' },
        redirect_http: { type: 'boolean', default: false, description: 'https only: port 80 sends people here.' },
        sticky_sessions: { type: 'boolean', default: false },
        cookie_name: { type: 'string', default: 'HCLBSTICKY' },
        cookie_lifetime: { ...seconds(86_400), minimum: 30, default: 300, description: 'Seconds.' },
      },
    },
  },
} as const;

export const targetSchema = {
  type: 'object',
  required: ['type'],
  additionalProperties: false,
  properties: {
    type: { enum: ['server', 'ip', 'label_selector'] },
    server: { type: ['string', 'integer'], description: 'Name or number of a server of the project.' },
    ip: { type: 'string', description: 'Address of a dedicated server (Robot) of the same owner.' },
    label_selector: { type: 'string', description: 'For instance role=web.' },
    use_private_ip: { type: 'boolean', default: false, description: 'The load balancer must be in its network.' },
  },
} as const;

export interface ServiceArgs {
  readonly protocol: 'tcp' | 'http' | 'https';
  readonly listen_port: number;
  readonly destination_port?: number;
  readonly proxyprotocol?: boolean;
  readonly health_check?: {
    readonly protocol?: 'tcp' | 'http';
    readonly port?: number;
    readonly interval?: number;
    readonly timeout?: number;
    readonly retries?: number;
    readonly http?: {
      readonly domain?: string;
      readonly path?: string;
      readonly response?: string;
      readonly status_codes?: readonly (string | number)[];
      readonly tls?: boolean;
    };
  };
  readonly http?: {
    readonly certificates?: readonly (string | number)[];
    readonly redirect_http?: boolean;
    readonly sticky_sessions?: boolean;
    readonly cookie_name?: string;
    readonly cookie_lifetime?: number;
  };
}

export interface TargetArgs {
  readonly type: 'server' | 'ip' | 'label_selector';
  readonly server?: string | number;
  readonly ip?: string;
  readonly label_selector?: string;
  readonly use_private_ip?: boolean;
}

/** Throws VezaError `invalid-arguments`. */
export function servicesOf(services: readonly ServiceArgs[]): readonly BalancerService[] {
  const ports = services.map(({ listen_port: listen }) => listen);
  const twice = ports.find((one, index) => ports.indexOf(one) !== index);
  if (twice !== undefined) throw wrong(`two services listen on port ${twice}`);
  return services.map(serviceOf);
}

function serviceOf(service: ServiceArgs): BalancerService {
  const { protocol, listen_port, http } = service;
  const destination_port = service.destination_port ?? (protocol === 'https' ? 80 : listen_port);
  const certificates = (http?.certificates ?? []).map(String);
  if (protocol === 'https' && certificates.length === 0)
    throw wrong(`the https service on port ${listen_port} needs http.certificates`);
  if (protocol === 'tcp' && http) throw wrong(`the tcp service on port ${listen_port} cannot have http`);
  if (protocol !== 'https' && (certificates.length > 0 || http?.redirect_http))
    throw wrong(`certificates and redirect_http are for https, not for the service on port ${listen_port}`);
  return {
    protocol,
    listen_port,
    destination_port,
    proxyprotocol: service.proxyprotocol ?? false,
    health_check: checkOf(service, destination_port),
    ...(protocol !== 'tcp' && {
      http: {
        cookie_name: http?.cookie_name ?? 'HCLBSTICKY',
        cookie_lifetime: http?.cookie_lifetime ?? 300,
        redirect_http: http?.redirect_http ?? false,
        sticky_sessions: http?.sticky_sessions ?? false,
        certificates,
      },
    }),
  };
}

function checkOf(
  { protocol, health_check: check = {} }: ServiceArgs,
  destination: number,
): BalancerService['health_check'] {
  const { http } = check;
  const kind = check.protocol ?? (http || protocol !== 'tcp' ? 'http' : 'tcp');
  if (kind === 'tcp' && http) throw wrong('health_check.http is for health checks with protocol http');
  return {
    protocol: kind,
    port: check.port ?? destination,
    interval: check.interval ?? 15,
    timeout: check.timeout ?? 10,
    retries: check.retries ?? 3,
    ...(kind === 'http' && {
      http: {
        domain: http?.domain ?? '',
        path: http?.path ?? '/',
        response: http?.response ?? '',
        status_codes: (http?.status_codes ?? ['2??', '3??']).map(String),
        tls: http?.tls ?? false,
      },
    }),
  };
}

/** Throws VezaError `invalid-arguments`. */
export function targetsOf(targets: readonly TargetArgs[]): readonly BalancerTarget[] {
  return targets.map((target): BalancerTarget => {
    const { type, server, ip, label_selector: selector, use_private_ip: usePrivateIp = false } = target;
    const value = target[type];
    if (value === undefined) throw wrong(`a target of type ${type} needs \`${type}\``);
    if (type === 'ip' && usePrivateIp)
      throw wrong(`the target ${String(ip)} is an address: use_private_ip does not apply`);
    if (type === 'server') return { type, server: String(server), usePrivateIp };
    if (type === 'ip') return { type, ip: String(ip) };
    return { type, selector: String(selector), usePrivateIp };
  });
}

function wrong(message: string): VezaError {
  return new VezaError('invalid-arguments', `hcloud_load_balancer: ${message}`);
}
