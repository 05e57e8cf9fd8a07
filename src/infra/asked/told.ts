// What `register` gets of things in the cloud.
import { isUnknown, unknown } from '../../core/unknown.ts';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Call } from '../resource.ts';

/** A value of a thing; unknown where it is not there yet. */
export function valueOf(state: object | null, name: string, what: string): Json {
  const value: unknown = state === null ? undefined : Reflect.get(state, name);
  return (value === undefined ? unknown(`${what} is not there yet`) : value) as Json;
}

/** Calls as they are told: without what must not be read by others. */
export function callsTold(calls: readonly Call[]): Json {
  return calls.map(({ method, path, body }) => ({
    method,
    path,
    body: body && Object.fromEntries(Object.entries(body).map(([key, value]) => [key, told(key, value)])),
  }));
}

function told(key: string, value: Json): Json {
  if (key === 'user_data') return '(hidden)';
  if (isUnknown(value)) return '(known after apply)';
  if (Array.isArray(value)) return (value as readonly Json[]).map((part) => told('', part));
  return isJsonObject(value) ? mapped(value) : value;
}

function mapped(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, told(key, part)]));
}
