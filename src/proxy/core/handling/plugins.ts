// Plugins as the handling of a rule sees them. Who loads them and minds their time is server/plugins.
import type { ResponseHead } from '../http/response-head.ts';
import type { Answer, Incoming } from './incoming.ts';

export interface PluginConfig {
  /** Path of the module; behind `?v=` what its text comes to, so that a changed one is another. */
  readonly module: string;
  readonly name: string;
  /** Lower goes first with requests, last with responses. */
  readonly priority: number;
  readonly timeoutMs: number;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Where a response comes from. */
export interface ResponseOrigin {
  readonly backend: string;
  readonly server: string;
  readonly attempt: number;
}

/** The plugins of a rule, in their order. Never rejects: a plugin that fails is an answer. */
export interface Plugins {
  readonly seesResponses: boolean;
  onRequest(incoming: Incoming): Promise<Answer | undefined>;
  onResponse(incoming: Incoming, head: ResponseHead, origin: ResponseOrigin): Promise<Answer | undefined>;
  /** A request that went on is over. */
  done(): void;
}

/** Finds the plugins that a configuration means. */
export type FindPlugins = (config: readonly PluginConfig[] | undefined) => Plugins | undefined;

export const noPlugins: FindPlugins = () => undefined;
