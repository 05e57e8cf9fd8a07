// The health checks of the servers in the configuration as the program uses it.

export interface CheckConfig {
  readonly type: 'http' | 'tcp';
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  /** What a TCP check sends after connecting. */
  readonly send: string;
  /** What an answer must hold, or must not. */
  readonly body: { readonly text: string; readonly regex: string | undefined; readonly not: boolean } | undefined;
  /** Inclusive ranges of healthy statuses. */
  readonly expect: readonly (readonly [number, number])[];
  readonly interMs: number;
  readonly fastinterMs: number;
  readonly downinterMs: number;
  readonly fall: number;
  readonly rise: number;
  readonly timeoutMs: number;
  /** Over TLS; the name to ask for. */
  readonly tls: { readonly serverName: string } | undefined;
  /** A check of type http speaks HTTP/2. */
  readonly http2: boolean;
  /** Speak for ourselves by the PROXY protocol first. */
  readonly sendProxy: 'off' | 'v1' | 'v2';
  readonly init: 'up' | 'fully-up' | 'down' | 'fully-down';
  /** How long checks must pass before the server is UP again. */
  readonly minReadyMs: number;
  readonly disableOn404: boolean;
  readonly observe: 'off' | 'layer4' | 'layer7';
  readonly errorLimit: number;
  readonly onError: 'fastinter' | 'fail-check' | 'sudden-death' | 'mark-down';
  readonly agent: AgentConfig | undefined;
}

export interface AgentConfig {
  readonly address: string;
  readonly port: number;
  readonly send: string;
  readonly interMs: number;
}
