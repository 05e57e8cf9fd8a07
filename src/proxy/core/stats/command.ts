// What a line on the stats socket asks for.
import type { AdminState } from '../balance/server-state.ts';
import type { PatternCommand } from '../patterns/pattern-words.ts';
import type { SeverityOutput } from './reply.ts';
import type { TableAction } from './stick-commands.ts';

export const socketLevels = ['user', 'operator', 'admin'] as const;
export type SocketLevel = (typeof socketLevels)[number];

/** How `show stat` and `show info` answer. */
export type StatFormat = 'csv' | 'json' | 'typed';

export interface StatFilter {
  readonly format: StatFormat;
  readonly onlyUp: boolean;
  readonly noMaint: boolean;
  /** Number or name of a proxy, kinds as bits (1 frontends, 2 backends, 4 servers), number of a server; -1 = all. */
  readonly proxy: number | string;
  readonly kinds: number;
  readonly sid: number;
}

export type HealthWord = 'up' | 'stopping' | 'down';

/** Settings of the agent of a server that can be changed while it runs. */
export interface AgentChange {
  readonly address?: string;
  readonly port?: number;
  readonly send?: string;
}

/** Where a server is checked. */
export interface CheckChange {
  readonly address?: string;
  readonly port?: number;
}

export type SslAction = 'show' | 'set' | 'commit' | 'abort';

export type Command =
  | { readonly do: 'show-stat'; readonly filter: StatFilter }
  | { readonly do: 'show-info'; readonly format: StatFormat }
  | { readonly do: 'show-servers-state'; readonly backend: string | undefined }
  | { readonly do: 'show-servers-conn'; readonly backend: string | undefined }
  | { readonly do: 'show-backend' | 'show-activity' | 'show-level' | 'show-version' | 'show-cli-sockets' }
  /** `session`: its id, or `all`; undefined = all of them. */
  | { readonly do: 'show-sess'; readonly session: string | undefined }
  /** `words` are those behind it. */
  | { readonly do: 'show-peers'; readonly words: readonly string[] }
  | { readonly do: 'show-errors'; readonly proxy: string | undefined }
  | { readonly do: 'show-env'; readonly name: string | undefined }
  | { readonly do: 'set-state'; readonly server: string; readonly state: AdminState }
  | { readonly do: 'set-weight'; readonly server: string; readonly weight: string }
  | { readonly do: 'set-health'; readonly server: string; readonly health: HealthWord }
  | { readonly do: 'set-checking'; readonly server: string; readonly on: boolean }
  | { readonly do: 'set-check'; readonly server: string; readonly change: CheckChange }
  | { readonly do: 'set-asking'; readonly server: string; readonly on: boolean }
  | { readonly do: 'set-agent-word'; readonly server: string; readonly up: boolean }
  | { readonly do: 'set-agent'; readonly server: string; readonly change: AgentChange }
  | { readonly do: 'set-addr'; readonly server: string; readonly address: string; readonly port: number | undefined }
  | { readonly do: 'set-maxconn'; readonly server: string; readonly count: number }
  | { readonly do: 'set-frontend-maxconn'; readonly frontend: string; readonly count: number }
  | { readonly do: 'set-frontend'; readonly frontend: string; readonly action: 'enable' | 'disable' | 'shutdown' }
  | { readonly do: 'add-server'; readonly server: string; readonly address: string; readonly words: readonly string[] }
  | { readonly do: 'del-server'; readonly server: string }
  | { readonly do: 'get-weight'; readonly server: string }
  | { readonly do: 'shutdown-sessions'; readonly server: string }
  | { readonly do: 'shutdown-session'; readonly session: string }
  | { readonly do: 'clear-counters'; readonly all: boolean }
  | { readonly do: 'lower-level'; readonly level: SocketLevel }
  | { readonly do: 'set-timeout'; readonly delayMs: number }
  | { readonly do: 'set-severity'; readonly output: SeverityOutput }
  /** `words` are those behind `show table` and the like. */
  | { readonly do: 'table'; readonly action: TableAction; readonly words: readonly string[] }
  | { readonly do: 'ssl-cert'; readonly action: SslAction; readonly file: string; readonly payload: string | undefined }
  | ({ readonly do: 'pattern' } & PatternCommand)
  | { readonly do: 'reload' }
  | { readonly do: 'upgrade' }
  | { readonly do: 'help'; readonly words: readonly string[] }
  | { readonly do: 'prompt' }
  | { readonly do: 'quit' }
  /** What is wrong with the line; '' = nothing was said. */
  | { readonly do: 'answer'; readonly text: string };

export const answer = (text: string): Command => ({ do: 'answer', text });

/** A line of the list of commands. */
export interface Entry {
  readonly words: string;
  readonly usage: string;
  readonly level: SocketLevel;
  /** `payload`: the lines that follow a command that ends with `<<`. */
  readonly read: (rest: readonly string[], payload: string | undefined) => Command;
}
