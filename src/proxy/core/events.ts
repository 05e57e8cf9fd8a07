// What happens in the balancer, as those hear it who subscribe: the admin interface, the live page, the operational log.
import type { Fields, Level } from './logging/entry.ts';

export interface EventKinds {
  proxy_started: { readonly binds: readonly string[] };
  proxy_stopping: Record<string, never>;
  worker_started: { readonly worker: number };
  worker_died: { readonly worker: number; readonly pid: number; readonly reason: string };
  server_up: { readonly server: string; readonly check: string; readonly detail: string };
  server_down: { readonly server: string; readonly check: string; readonly detail: string };
  server_changed: { readonly server: string; readonly before: Fields; readonly after: Fields };
  server_added: { readonly server: string; readonly address: string };
  server_removed: { readonly server: string };
  config_reloaded: { readonly source: string };
  config_refused: { readonly source: string; readonly problem: string };
  cert_action: { readonly action: string; readonly names: readonly string[] };
  /** Of machines that share stick tables: one is there, or is gone; it was told all entries; all of its were taken. */
  peer_up: { readonly section: string; readonly peer: string };
  peer_down: { readonly section: string; readonly peer: string; readonly reason: string };
  peer_taught: { readonly section: string; readonly peer: string; readonly entries: number };
  peer_synchronised: { readonly section: string; readonly peer: string };
  /** A request that was no valid one. */
  error_dropped: {
    readonly frontend: string;
    readonly client: string;
    readonly status: number;
    readonly reason: string;
  };
  login_failed: { readonly name: string; readonly from: string };
  /** Somebody changed something: who, what, and the difference. */
  admin_action: { readonly actor: string; readonly action: string; readonly detail: Fields };
}

export type EventName = keyof EventKinds;

export type ProxyEvent = {
  [Name in EventName]: {
    /** Grows by one with each event of this process. */
    readonly id: number;
    /** Epoch milliseconds. */
    readonly atMs: number;
    readonly type: Name;
    readonly data: EventKinds[Name];
  };
}[EventName];

const eventLevels: Readonly<Record<EventName, Level>> = {
  proxy_started: 'info',
  proxy_stopping: 'info',
  worker_started: 'debug',
  worker_died: 'error',
  server_up: 'info',
  server_down: 'error',
  server_changed: 'info',
  server_added: 'info',
  server_removed: 'info',
  config_reloaded: 'info',
  config_refused: 'error',
  cert_action: 'info',
  peer_up: 'info',
  peer_down: 'warn',
  peer_taught: 'info',
  peer_synchronised: 'info',
  error_dropped: 'debug',
  login_failed: 'warn',
  admin_action: 'info',
};

export function levelOf(name: EventName): Level {
  return eventLevels[name];
}

/** The event as JSON, with its time in words. */
export function eventJson(event: ProxyEvent): string {
  const { id, atMs, type, data } = event;
  return JSON.stringify({ id, time: new Date(atMs).toISOString(), type, ...data });
}
