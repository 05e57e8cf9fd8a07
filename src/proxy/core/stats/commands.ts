// Commands of the stats socket, in HAProxy's words: text -> what to do. Doing it is the caller's part.
import type { AdminState } from '../balance/server-state.ts';

export type Command =
  | { readonly do: 'show-stat' }
  | { readonly do: 'show-info' }
  | { readonly do: 'show-servers-state'; readonly backend: string | undefined }
  | { readonly do: 'show-backend' }
  | { readonly do: 'set-state'; readonly server: string; readonly state: AdminState }
  | { readonly do: 'set-weight'; readonly server: string; readonly weight: string }
  | { readonly do: 'get-weight'; readonly server: string }
  | { readonly do: 'shutdown-sessions'; readonly server: string }
  | { readonly do: 'clear-counters' }
  | { readonly do: 'reload' }
  | { readonly do: 'help' }
  | { readonly do: 'prompt' }
  | { readonly do: 'quit' }
  | { readonly do: 'answer'; readonly text: string };

export const helpText = `Unknown command, but maybe one of the following ones is a better match:
  show stat                                  : counters of all proxies, CSV
  show info                                  : the process
  show servers state [backend]               : states of the servers
  show backend                               : names of the backends
  set server <b>/<s> state ready|drain|maint : change the administrative state
  set server <b>/<s> weight <n>[%]           : change the weight
  set weight <b>/<s> <n>[%]                  : the same
  get weight <b>/<s>                         : current and initial weight
  enable server <b>/<s>                      : state ready
  disable server <b>/<s>                     : state maint
  shutdown sessions server <b>/<s>           : close its connections
  clear counters [all]                       : set counters to zero
  reload                                     : read the configuration file again
  prompt                                     : interactive mode
  help                                       : this text
  quit                                       : end the connection
`;

/** Reads one command (without `;` and line end). */
export function parseCommand(line: string): Command {
  const words = line.trim().split(/\s+/);
  const [first = '', second = '', third = '', fourth = '', fifth = ''] = words;
  switch (`${first} ${second}`.trim()) {
    case 'show stat':
      return { do: 'show-stat' };
    case 'show info':
      return { do: 'show-info' };
    case 'show backend':
      return { do: 'show-backend' };
    case 'show servers':
      return third === 'state' ? { do: 'show-servers-state', backend: fourth === '' ? undefined : fourth } : unknown();
    case 'set server':
      return setServer(third, fourth, fifth);
    case 'set weight':
      return { do: 'set-weight', server: third, weight: fourth };
    case 'get weight':
      return { do: 'get-weight', server: third };
    case 'enable server':
      return { do: 'set-state', server: third, state: 'ready' };
    case 'disable server':
      return { do: 'set-state', server: third, state: 'maint' };
    case 'shutdown sessions':
      return third === 'server' ? { do: 'shutdown-sessions', server: fourth } : unknown();
    case 'clear counters':
    case 'clear counters all':
      return { do: 'clear-counters' };
    case 'reload':
    case 'help':
    case 'prompt':
    case 'quit':
      return { do: first as 'reload' | 'help' | 'prompt' | 'quit' };
    case '':
      return { do: 'answer', text: '' };
    default:
      return unknown();
  }
}

function setServer(server: string, what: string, value: string): Command {
  if (what === 'weight') return { do: 'set-weight', server, weight: value };
  if (what !== 'state') return { do: 'answer', text: "'set server <srv>' only supports 'state' and 'weight'.\n" };
  if (value === 'ready' || value === 'drain' || value === 'maint') return { do: 'set-state', server, state: value };
  return { do: 'answer', text: "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n" };
}

function unknown(): Command {
  return { do: 'help' };
}

/** A weight of `set weight`: absolute, or percent of the initial one. Undefined if it is neither. */
export function parseWeight(text: string, initial: number): number | undefined {
  const match = /^([0-9]{1,3})(%?)$/.exec(text);
  if (!match) return undefined;
  const value = match[2] === '%' ? Math.floor((initial * Number(match[1])) / 100) : Number(match[1]);
  return value <= 256 ? value : undefined;
}
