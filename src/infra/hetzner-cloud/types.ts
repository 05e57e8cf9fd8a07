// Hetzner Cloud's objects as its API has them (docs.hetzner.cloud), as far as they are used here.
import { shape } from '../shape.ts';

export interface Server {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  readonly public_net: {
    readonly ipv4: { readonly ip: string; readonly dns_ptr?: string | null } | null;
    /** A network, such as 2001:db8:1::/64. */
    readonly ipv6?: { readonly ip: string } | null;
  };
  readonly private_net: readonly { readonly ip: string; readonly network: number }[];
  readonly server_type: { readonly name: string; readonly description?: string };
  readonly image?: { readonly id: number; readonly name: string | null; readonly description?: string } | null;
  readonly location?: { readonly name: string } | null;
  readonly datacenter?: { readonly name: string; readonly location?: { readonly name: string } } | null;
  readonly labels: Readonly<Record<string, string>>;
}

export interface HealthCheck {
  readonly protocol: 'tcp' | 'http';
  readonly port: number;
  /** Seconds. */
  readonly interval: number;
  readonly timeout: number;
  readonly retries: number;
  readonly http?: {
    readonly domain: string;
    readonly path: string;
    readonly response: string;
    /** Texts such as `2??`. */
    readonly status_codes: readonly string[];
    readonly tls: boolean;
  } | null;
}

export interface ServiceHttp {
  readonly cookie_name: string;
  /** Seconds. */
  readonly cookie_lifetime: number;
  readonly certificates: readonly number[];
  readonly redirect_http: boolean;
  readonly sticky_sessions: boolean;
  readonly timeout_idle?: number;
}

export interface Service {
  readonly protocol: 'tcp' | 'http' | 'https';
  readonly listen_port: number;
  readonly destination_port: number;
  readonly proxyprotocol: boolean;
  readonly health_check: HealthCheck;
  readonly http?: ServiceHttp | null;
}

export interface HealthStatus {
  readonly listen_port: number;
  readonly status: string;
}

export interface Target {
  readonly type: 'server' | 'ip' | 'label_selector';
  readonly server?: { readonly id: number } | null;
  readonly ip?: { readonly ip: string } | null;
  readonly label_selector?: { readonly selector: string } | null;
  readonly use_private_ip?: boolean;
  readonly health_status?: readonly HealthStatus[];
}

export interface LoadBalancer {
  readonly id: number;
  readonly name: string;
  readonly public_net: { readonly enabled: boolean; readonly ipv4: { readonly ip: string | null } };
  readonly private_net: readonly { readonly network: number; readonly ip: string }[];
  readonly algorithm: { readonly type: string };
  readonly load_balancer_type: { readonly name: string };
  readonly location: { readonly name: string };
  readonly services: readonly Service[];
  readonly targets: readonly Target[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface Certificate {
  readonly id: number;
  readonly name: string;
  readonly type: 'managed' | 'uploaded';
  readonly domain_names: readonly string[];
  readonly not_valid_after?: string | null;
  /** SHA-256 with colons; of managed ones that are not issued yet, null. */
  readonly fingerprint?: string | null;
  readonly used_by?: readonly { readonly id: number; readonly type: string }[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface Network {
  readonly id: number;
  readonly name: string;
  readonly ip_range: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly subnets: readonly { readonly type: string; readonly ip_range: string; readonly network_zone: string }[];
}

export interface Firewall {
  readonly id: number;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly rules: readonly {
    readonly direction: string;
    readonly protocol: string;
    readonly port?: string | null;
    readonly source_ips?: readonly string[];
    readonly destination_ips?: readonly string[];
    readonly description?: string | null;
  }[];
  readonly applied_to: readonly { readonly type: string; readonly server?: { readonly id: number } | null }[];
}

export interface Image {
  readonly id: number;
  readonly type: string;
  /** `available`, `creating`, `unavailable`. */
  readonly status?: string;
  readonly description: string;
  /** ISO 8601. */
  readonly created: string;
  readonly created_from: { readonly id: number; readonly name: string } | null;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Action {
  readonly id: number;
  readonly command: string;
  readonly status: 'running' | 'success' | 'error';
  readonly error: { readonly code: string; readonly message: string } | null;
}

const labels = { type: 'object', additionalProperties: { type: 'string' } };
const id = { type: 'integer' };
const text = { type: 'string' };
const named = { type: 'object', required: ['name'], properties: { name: text } };
const ip = { type: ['object', 'null'], properties: { ip: { type: ['string', 'null'] } } };

export const serverShape = shape<Server>({
  type: 'object',
  required: ['id', 'name', 'status', 'public_net', 'private_net', 'server_type', 'labels'],
  properties: {
    id,
    name: text,
    status: text,
    labels,
    public_net: { type: 'object', required: ['ipv4'], properties: { ipv4: ip } },
    private_net: { type: 'array', items: { type: 'object', required: ['ip', 'network'] } },
    server_type: named,
  },
});

const service = {
  type: 'object',
  required: ['protocol', 'listen_port', 'destination_port', 'proxyprotocol', 'health_check'],
  properties: {
    protocol: { enum: ['tcp', 'http', 'https'] },
    health_check: {
      type: 'object',
      required: ['protocol', 'port', 'interval', 'timeout', 'retries'],
      properties: {
        http: { type: ['object', 'null'], properties: { status_codes: { type: 'array', items: text } } },
      },
    },
  },
};

export const loadBalancerShape = shape<LoadBalancer>({
  type: 'object',
  required: [
    'id',
    'name',
    'public_net',
    'algorithm',
    'load_balancer_type',
    'location',
    'services',
    'targets',
    'labels',
  ],
  properties: {
    id,
    name: text,
    labels,
    public_net: { type: 'object', required: ['enabled', 'ipv4'], properties: { ipv4: ip } },
    private_net: { type: 'array' },
    algorithm: { type: 'object', required: ['type'] },
    load_balancer_type: named,
    location: named,
    services: { type: 'array', items: service },
    targets: {
      type: 'array',
      items: { type: 'object', required: ['type'], properties: { type: { enum: ['server', 'ip', 'label_selector'] } } },
    },
  },
});

export const certificateShape = shape<Certificate>({
  type: 'object',
  required: ['id', 'name', 'type', 'domain_names', 'labels'],
  properties: { id, name: text, labels, domain_names: { type: 'array', items: text } },
});

export const networkShape = shape<Network>({
  type: 'object',
  required: ['id', 'name', 'ip_range', 'subnets', 'labels'],
  properties: { id, name: text, labels, ip_range: text, subnets: { type: 'array' } },
});

export const firewallShape = shape<Firewall>({
  type: 'object',
  required: ['id', 'name', 'labels', 'rules', 'applied_to'],
  properties: { id, name: text, labels, rules: { type: 'array' }, applied_to: { type: 'array' } },
});

export const imageShape = shape<Image>({
  type: 'object',
  required: ['id', 'type', 'description', 'created', 'labels'],
  properties: { id, type: text, description: text, created: text, labels, created_from: { type: ['object', 'null'] } },
});

export const actionShape = shape<Action>({
  type: 'object',
  required: ['id', 'command', 'status'],
  properties: { id, command: text, status: { enum: ['running', 'success', 'error'] } },
});
