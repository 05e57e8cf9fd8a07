// A frontend's configuration -> what answers "what is to be done with this request".
import { AddressSet } from '../address.ts';
import type { FrontendConfig, HandlingConfig, RuleAction } from '../config/model.ts';
import { allUsable, compileRouter, type UsableOf } from '../routing.ts';
import { compileTcpRouter, type TcpRouter } from '../tcp-routing.ts';
import { Handling } from './handling.ts';
import type { Incoming } from './incoming.ts';
import { type FindPlugins, noPlugins } from './plugins.ts';
import type { RateLimit } from './rate-limit.ts';

/** Finds the limit that a configuration means: it outlives reloads as long as it says the same. */
export type RateLimits = (config: HandlingConfig['rateLimit']) => RateLimit | undefined;

export interface CompiledFrontend {
  handlingOf(incoming: Incoming): Handling;
  /** Of mode tcp. */
  readonly tcp: TcpRouter;
  readonly trusted: AddressSet;
  /** Who speaks the PROXY protocol. */
  readonly balancers: AddressSet;
}

export function compileFrontend(
  config: FrontendConfig,
  limits: RateLimits,
  plugins: FindPlugins = noPlugins,
  usableOf: UsableOf = allUsable,
): CompiledFrontend {
  const handling = (own: HandlingConfig, action: RuleAction): Handling =>
    new Handling(own, action, limits(own.rateLimit), plugins(own.plugins));
  const router = compileRouter(config.rules, config.ruleOrder, usableOf);
  const handlings = config.rules.map((rule) => handling(rule.handling, rule));
  /** For requests that no rule takes. */
  const fallback = handling(config.handling, {
    backend: config.defaultBackend,
    server: undefined,
    forcePersist: false,
    redirect: undefined,
    respond: undefined,
    priority: 0,
  });
  return {
    handlingOf: (incoming) => handlings[router(incoming)] ?? fallback,
    tcp: compileTcpRouter(config, usableOf),
    trusted: new AddressSet(config.trustedProxies),
    balancers: new AddressSet(config.acceptProxy),
  };
}
