// Calls of Hetzner Cloud's API: how they are written down, and how they are made.
import type { JsonObject } from '../../lib/json.ts';
import type { HetznerCloud } from '../hetzner-cloud/client.ts';
import type { Call, CloudResource } from '../resource.ts';

export function hcloudCall(method: Call['method'], path: string, body: JsonObject | null = null): Call {
  return { api: 'hcloud', method, path, body };
}

/** `send` of what needs nothing but its calls. */
export function sendTo(cloud: HetznerCloud): CloudResource['send'] {
  return async ({ method, path, body }, signal) => {
    await cloud.change(method, path, body ?? undefined, signal);
  };
}

/** The `id` of a state; a word in braces where it is not known yet (in a dry run), which no request is ever made with. */
export function idOf(state: { readonly id?: unknown } | null): string {
  return typeof state?.id === 'number' ? String(state.id) : '{id}';
}
