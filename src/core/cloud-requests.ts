// The requests that modules make of services, one type for each module. Things are named as people name them (or by their
// number, as text); an argument that was left out is not managed.

export type CloudRequest = LoadBalancerRequest | ServerRequest | SnapshotRequest | RecordRequest | RobotServersRequest;

/** What was given as arguments; the rest is in the environment. */
export interface CloudAccess {
  readonly token?: string;
  readonly user?: string;
  readonly password?: string;
  /** `user` is a sub-user of the account. */
  readonly isSubUser?: boolean;
  /** Another base URL than the service's own. */
  readonly endpoint?: string;
}

interface Asked {
  readonly access: CloudAccess;
}

type Labels = Readonly<Record<string, string>>;

interface Named extends Asked {
  readonly name: string;
  /** Do also what would be refused for safety: delete what others made, cut the power of a running server. */
  readonly force: boolean;
}

export interface LoadBalancerRequest extends Named {
  readonly kind: 'hcloud_load_balancer';
  readonly state: 'present' | 'absent';
  readonly type?: string;
  readonly location?: string;
  readonly algorithm?: string;
  readonly labels?: Labels;
  readonly network?: string;
  readonly services?: readonly BalancerService[];
  readonly targets?: readonly BalancerTarget[];
}

/** With all defaults of the API filled in. */
export interface BalancerService {
  readonly protocol: 'tcp' | 'http' | 'https';
  readonly listen_port: number;
  readonly destination_port: number;
  readonly proxyprotocol: boolean;
  readonly health_check: {
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
    };
  };
  readonly http?: {
    readonly cookie_name: string;
    /** Seconds. */
    readonly cookie_lifetime: number;
    readonly redirect_http: boolean;
    readonly sticky_sessions: boolean;
    readonly certificates: readonly string[];
  };
}

export type BalancerTarget =
  | { readonly type: 'ip'; readonly ip: string }
  | { readonly type: 'server'; readonly server: string; readonly usePrivateIp: boolean }
  | { readonly type: 'label_selector'; readonly selector: string; readonly usePrivateIp: boolean };

export interface ServerRequest extends Named {
  readonly kind: 'hcloud_server';
  readonly state: 'present' | 'started' | 'stopped' | 'absent';
  readonly serverType?: string;
  readonly image?: string;
  readonly location?: string;
  /** Names or ids. */
  readonly sshKeys?: readonly string[];
  readonly networks?: readonly string[];
  readonly labels?: Labels;
  readonly userData?: string;
  readonly enableIpv4: boolean;
  readonly enableIpv6: boolean;
}

export interface SnapshotRequest extends Asked {
  readonly kind: 'hcloud_snapshot';
  readonly state: 'present' | 'absent';
  readonly server: string;
  readonly description: string;
  readonly labels: Labels;
  /** An older one is not enough. */
  readonly maxAgeSeconds?: number;
  /** Of the snapshots of this server with exactly these labels, so many stay. */
  readonly keep?: number;
  readonly force: boolean;
}

export interface RecordRequest extends Asked {
  readonly kind: 'cloudns_record';
  readonly state: 'present' | 'absent';
  readonly zone: string;
  readonly host: string;
  readonly type: string;
  /** Seconds. */
  readonly ttl: number;
  readonly values: readonly RecordContent[];
  /** `set`: these and no others; `one`: this one in the place of the one that is there; `among`: others may be there too. */
  readonly extent: 'set' | 'one' | 'among';
  readonly force: boolean;
}

/** What distinguishes one record of a set from another. */
export interface RecordContent {
  readonly value: string;
  readonly priority?: number;
  readonly weight?: number;
  readonly port?: number;
  /** CAA only: flag and tag (`issue`, `issuewild`, `iodef`); `value` is the rest. */
  readonly flag?: number;
  readonly tag?: string;
}

export interface RobotServersRequest extends Asked {
  readonly kind: 'robot_servers';
  readonly ip?: string;
  readonly number?: number;
  readonly name?: string;
}
