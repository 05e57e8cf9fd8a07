// What a plugin is: an ES module with hooks that see requests and responses on their way. Described in docs/proxy-plugins.md.
// Results are plain data, so that a module needs nothing of this package while it runs.

/** A request as plugins see it. */
export interface PluginRequest {
  readonly method: string;
  /** With the query, as the server will see it. */
  readonly target: string;
  readonly path: string;
  /** Without `?`. */
  readonly query: string;
  readonly host: string;
  readonly scheme: 'http' | 'https';
  /** The client behind trusted proxies. */
  readonly client: string;
  /** Who is connected. */
  readonly peer: string;
  readonly frontend: string;
  /** Empty without `requestId`. */
  readonly requestId: string;
  /** Lower-case names; several lines of one name are joined. */
  readonly headers: Readonly<Record<string, string>>;
  /** Notes for later hooks of the same request, of all plugins. */
  readonly notes: Map<string, unknown>;
}

/** Head of a server's response. Bodies stream past plugins. */
export interface PluginResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly backend: string;
  readonly server: string;
  /** Which attempt this is the response to: 1 unless the request was repeated or hedged. */
  readonly attempt: number;
}

/** What a hook may use. */
export interface PluginCall {
  /** Aborted when the time of the call is over: whatever it waits for is of no use then. */
  readonly signal: AbortSignal;
}

/** What a plugin gets once, when it is made. */
export interface PluginTools {
  /** Its name in the configuration. */
  readonly name: string;
  /** Writes to the operational log, with the name in front. */
  log(text: string): void;
}

/** Go on unchanged; so does nothing at all. */
export interface ContinueResult {
  readonly action: 'continue';
}

/** This is the response; no server and no later plugin is asked. */
export interface StopResult {
  readonly action: 'stop';
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Go on with changes. Headers that frame messages cannot be changed. */
export interface ModifyRequestResult {
  readonly action: 'modify';
  /** Path and query for the server. */
  readonly target?: string;
  readonly setHeaders?: Readonly<Record<string, string>>;
  readonly removeHeaders?: readonly string[];
}

/** Go on with changes. A status cannot be changed from or to one that has no body. */
export interface ModifyResponseResult {
  readonly action: 'modify';
  readonly status?: number;
  readonly setHeaders?: Readonly<Record<string, string>>;
  readonly removeHeaders?: readonly string[];
}

export type RequestResult = ContinueResult | StopResult | ModifyRequestResult | undefined;
export type ResponseResult = ContinueResult | StopResult | ModifyResponseResult | undefined;

export interface Plugin {
  /** Before a server is chosen, behind all checks of the proxy. */
  onRequest?(request: PluginRequest, call: PluginCall): RequestResult | Promise<RequestResult>;
  /** When the head of the response is there and nothing of it went to the client. */
  onResponse?(
    response: PluginResponse,
    request: PluginRequest,
    call: PluginCall,
  ): ResponseResult | Promise<ResponseResult>;
  /** When it is replaced or removed, or the proxy stops, and no request uses it any more. */
  cleanup?(): void | Promise<void>;
}

/** What a module exports as default: a plugin, or what makes one of the options of the configuration. */
export type PluginFactory<Options = Readonly<Record<string, unknown>>> = (
  options: Options,
  tools: PluginTools,
) => Plugin | Promise<Plugin>;

/** Types a factory; gives back what it got. */
export function definePlugin<Options = Readonly<Record<string, unknown>>>(
  factory: PluginFactory<Options>,
): PluginFactory<Options> {
  return factory;
}

/** Results in short. */
export const Continue: ContinueResult = { action: 'continue' };

/** Answers in place of a server. */
export function Stop(status: number, body = '', headers: Readonly<Record<string, string>> = {}): StopResult {
  return { action: 'stop', status, body, headers };
}

/** Goes on with changes. */
export function Modify<Changes extends Omit<ModifyRequestResult, 'action'> | Omit<ModifyResponseResult, 'action'>>(
  changes: Changes,
): Changes & { readonly action: 'modify' } {
  return { ...changes, action: 'modify' };
}
