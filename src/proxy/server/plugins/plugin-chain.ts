// The plugins of one rule: asked one after the other, requests in their order, responses in the opposite one.
import type { Answer, Incoming } from '../../core/handling/incoming.ts';
import type { Plugins, ResponseOrigin } from '../../core/handling/plugins.ts';
import type { ResponseHead } from '../../core/http/response-head.ts';
import { applyToRequest, applyToResponse, headersOf, requestView } from '../../core/plugins/apply.ts';
import type { PluginInstance } from './plugin-instance.ts';

export class PluginChain implements Plugins {
  readonly seesResponses: boolean;
  readonly #requests: readonly PluginInstance[];
  readonly #responses: readonly PluginInstance[];
  readonly #all: readonly PluginInstance[];

  constructor(instances: readonly PluginInstance[]) {
    this.#all = instances.toSorted((one, other) => one.config.priority - other.config.priority);
    this.#requests = this.#all.filter((instance) => instance.has('onRequest'));
    this.#responses = this.#all.filter((instance) => instance.has('onResponse')).toReversed();
    this.seesResponses = this.#responses.length > 0;
  }

  async onRequest(incoming: Incoming): Promise<Answer | undefined> {
    this.#use(1);
    for (const instance of this.#requests) {
      const { plugin } = instance;
      const verdict = await instance.ask(
        'onRequest',
        (how) => plugin.onRequest?.(requestView(incoming), how),
        (result) => applyToRequest(incoming, result),
      );
      if (!verdict) continue;
      this.#use(-1);
      return verdict;
    }
    return undefined;
  }

  async onResponse(incoming: Incoming, head: ResponseHead, origin: ResponseOrigin): Promise<Answer | undefined> {
    for (const instance of this.#responses) {
      const { plugin } = instance;
      const verdict = await instance.ask(
        'onResponse',
        (how) => {
          const seen = { ...origin, status: head.status, headers: headersOf(head.fields) };
          return plugin.onResponse?.(seen, requestView(incoming), how);
        },
        (result) => applyToResponse(head, result),
      );
      if (verdict) return verdict;
    }
    return undefined;
  }

  done(): void {
    this.#use(-1);
  }

  #use(change: 1 | -1): void {
    for (const instance of this.#all) instance.uses += change;
  }
}
