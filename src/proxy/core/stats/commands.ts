// Commands of the stats socket, in HAProxy's words: text -> what to do. Doing it is the caller's part.
import { isNamed } from '../server-address.ts';
import type { AdminState } from '../balance/server-state.ts';
import type { TableAction } from './stick-commands.ts';

export const socketLevels = ['user', 'operator', 'admin'] as const;
export type SocketLevel = (typeof socketLevels)[number];

/** How `show stat` and `show info` answer. */
export type StatFormat = 'csv' | 'json' | 'typed';

export interface StatFilter {
  readonly format: StatFormat;
  readonly onlyUp: boolean;
  readonly noMaint: boolean;
  /** Number of a proxy, kinds as bits (1 frontends, 2 backends, 4 servers), number of a server; -1 = all. */
  readonly iid: number;
  readonly kinds: number;
  readonly sid: number;
}

export type Command =
  | { readonly do: 'show-stat'; readonly filter: StatFilter }
  | { readonly do: 'show-info'; readonly format: StatFormat }
  | { readonly do: 'show-servers-state'; readonly backend: string | undefined }
  | { readonly do: 'show-servers-conn'; readonly backend: string | undefined }
  | { readonly do: 'show-backend' | 'show-sess' | 'show-errors' | 'show-activity' | 'show-level' | 'show-version' }
  | { readonly do: 'set-state'; readonly server: string; readonly state: AdminState }
  | { readonly do: 'set-weight'; readonly server: string; readonly weight: string }
  | { readonly do: 'set-health'; readonly server: string; readonly health: 'up' | 'stopping' | 'down' }
  | { readonly do: 'set-checking'; readonly server: string; readonly on: boolean }
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
  /** `words` are those behind `show table` and the like. */
  | { readonly do: 'table'; readonly action: TableAction; readonly words: readonly string[] }
  | { readonly do: 'reload' }
  | { readonly do: 'upgrade' }
  | { readonly do: 'help' }
  | { readonly do: 'prompt' }
  | { readonly do: 'quit' }
  | { readonly do: 'answer'; readonly text: string };

interface Entry {
  readonly words: string;
  readonly usage: string;
  readonly level: SocketLevel;
  readonly read: (rest: readonly string[]) => Command;
}

const entry = (
  words: string,
  level: SocketLevel,
  parameters: string,
  help: string,
  read: (rest: readonly string[]) => Command,
): Entry => ({ words, level, read, usage: `${`${words} ${parameters}`.trim().padEnd(40)}: ${help}` });

const answer = (text: string): Command => ({ do: 'answer', text });

/** More words come before fewer: the first entry whose words a line begins with is meant. */
const entries: readonly Entry[] = [
  entry('show stat', 'user', '[iid type sid] [json|typed] [up] [no-maint]', 'counters of all proxies', showStat),
  entry('show info', 'user', '[json|typed]', 'the process', (rest) => ({ do: 'show-info', format: formatIn(rest) })),
  entry('show servers state', 'user', '[<backend>]', 'states of the servers', ([backend]) => ({
    do: 'show-servers-state',
    backend,
  })),
  entry('show servers conn', 'user', '[<backend>]', 'connections of the servers', ([backend]) => ({
    do: 'show-servers-conn',
    backend,
  })),
  entry('show backend', 'user', '', 'names of the backends', () => ({ do: 'show-backend' })),
  entry('show activity', 'operator', '', 'what the workers have done', () => ({ do: 'show-activity' })),
  entry('show errors', 'operator', '', 'the last requests that were no valid ones', () => ({ do: 'show-errors' })),
  entry('show sess', 'operator', '', 'connections of clients', () => ({ do: 'show-sess' })),
  entry('show version', 'user', '', 'version of the program', () => ({ do: 'show-version' })),
  entry('show cli level', 'user', '', 'level of this session', () => ({ do: 'show-level' })),
  entry('show table', 'user', '[<table> [<filter>]*]', 'entries of stick tables (filter: data/key)', table('show')),
  entry('set table', 'operator', '<table> key <k> [data.* <v>]*', 'update or create an entry', table('set')),
  entry('clear table', 'operator', '<table> [<filter>]*', 'remove entries (filter: data/key)', table('clear')),
  entry('set server', 'admin', '<b>/<s> ...', 'state, weight, health, fqdn or addr [port] of a server', setServer),
  entry('set weight', 'admin', '<b>/<s> <n>[%]', 'change the weight', ([server = '', weight = '']) => ({
    do: 'set-weight',
    server,
    weight,
  })),
  entry('set maxconn server', 'admin', '<b>/<s> <n>', 'requests at once', ([server = '', count]) =>
    counted(count, (value) => ({ do: 'set-maxconn', server, count: value })),
  ),
  entry('set maxconn frontend', 'admin', '<f> <n>', 'connections at once, a worker', ([frontend = '', count]) =>
    counted(count, (value) => ({ do: 'set-frontend-maxconn', frontend, count: value })),
  ),
  entry('get weight', 'user', '<b>/<s>', 'current and initial weight', ([server = '']) => ({
    do: 'get-weight',
    server,
  })),
  entry(
    'add server',
    'admin',
    '<b>/<s> <addr>:<port> [...]',
    'a new server, in maintenance',
    ([server, at, ...words]) =>
      server === undefined || at === undefined
        ? answer("'add server' expects <backend>/<server> and an address.\n")
        : { do: 'add-server', server, address: at, words },
  ),
  entry('del server', 'admin', '<b>/<s>', 'remove a server that is in maintenance', ([server = '']) => ({
    do: 'del-server',
    server,
  })),
  entry('enable server', 'admin', '<b>/<s>', 'state ready', ([server = '']) => setState(server, 'ready')),
  entry('disable server', 'admin', '<b>/<s>', 'state maint', ([server = '']) => setState(server, 'maint')),
  entry('enable health', 'admin', '<b>/<s>', 'check it again', ([server = '']) => ({
    do: 'set-checking',
    server,
    on: true,
  })),
  entry('disable health', 'admin', '<b>/<s>', 'check it no more', ([server = '']) => ({
    do: 'set-checking',
    server,
    on: false,
  })),
  entry('enable frontend', 'admin', '<f>', 'listen again', ([frontend = '']) => ({
    do: 'set-frontend',
    frontend,
    action: 'enable',
  })),
  entry('disable frontend', 'admin', '<f>', 'listen no more', ([frontend = '']) => ({
    do: 'set-frontend',
    frontend,
    action: 'disable',
  })),
  entry('shutdown frontend', 'admin', '<f>', 'listen no more, for good', ([frontend = '']) => ({
    do: 'set-frontend',
    frontend,
    action: 'shutdown',
  })),
  entry('shutdown sessions server', 'admin', '<b>/<s>', 'close its connections', ([server = '']) => ({
    do: 'shutdown-sessions',
    server,
  })),
  entry('shutdown session', 'admin', '<id>', 'close one connection of a client', ([session = '']) => ({
    do: 'shutdown-session',
    session,
  })),
  entry('clear counters', 'operator', '[all]', 'set maxima (all: all counters) to zero', ([all]) => ({
    do: 'clear-counters',
    all: all === 'all',
  })),
  entry('reload', 'admin', '', 'read the configuration file again', () => ({ do: 'reload' })),
  entry('upgrade', 'admin', '', 'replace the workers by those of the installed version', () => ({ do: 'upgrade' })),
  entry('operator', 'user', '', 'lower the level of this session', () => ({ do: 'lower-level', level: 'operator' })),
  entry('user', 'user', '', 'lower the level of this session', () => ({ do: 'lower-level', level: 'user' })),
  entry('prompt', 'user', '', 'toggle interactive mode with prompt', () => ({ do: 'prompt' })),
  entry('help', 'user', '', 'this text', () => ({ do: 'help' })),
  entry('quit', 'user', '', 'disconnect', () => ({ do: 'quit' })),
];

/** What a session of a level may say. */
export function helpText(level: SocketLevel): string {
  const allowed = entries.filter((each) => isAllowed(level, each.level)).map(({ usage }) => `  ${usage}\n`);
  return `The following commands are valid at this level:\n${allowed.join('')}`;
}

function isAllowed(level: SocketLevel, needed: SocketLevel): boolean {
  return socketLevels.indexOf(level) >= socketLevels.indexOf(needed);
}

/** Reads one command (without `;` and line end). */
export function parseCommand(line: string, level: SocketLevel): Command {
  const words = line.trim().split(/\s+/);
  if (words[0] === '') return answer('');
  const found = entries.find((each) => each.words.split(' ').every((word, index) => words[index] === word));
  if (!found) return answer(`Unknown command. ${helpText(level)}`);
  if (!isAllowed(level, found.level)) return answer('Permission denied\n');
  const command = found.read(words.slice(found.words.split(' ').length));
  // All counters, and not only maxima, need the highest level, as in HAProxy.
  if (command.do === 'clear-counters' && command.all && level !== 'admin') return answer('Permission denied\n');
  return command;
}

function showStat(rest: readonly string[]): Command {
  const numbers = rest.filter((word) => /^-?[0-9]+$/.test(word)).map(Number);
  const [iid = -1, kinds = -1, sid = -1] = numbers;
  return {
    do: 'show-stat',
    filter: {
      format: formatIn(rest),
      onlyUp: rest.includes('up'),
      noMaint: rest.includes('no-maint'),
      iid,
      kinds,
      sid,
    },
  };
}

function formatIn(words: readonly string[]): StatFormat {
  if (words.includes('json')) return 'json';
  return words.includes('typed') ? 'typed' : 'csv';
}

function table(action: TableAction): Entry['read'] {
  return (words) => ({ do: 'table', action, words });
}

function setState(server: string, state: AdminState): Command {
  return { do: 'set-state', server, state };
}

function setServer([server, what, value = '', ...more]: readonly string[]): Command {
  if (server === undefined) return answer("Require 'backend/server'.\n");
  switch (what) {
    case 'weight':
      return value === '' ? answer('Require <weight> or <weight%>.\n') : { do: 'set-weight', server, weight: value };
    case 'state':
      if (value === 'ready' || value === 'drain' || value === 'maint') return setState(server, value);
      return answer("'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n");
    case 'health':
      if (value === 'up' || value === 'stopping' || value === 'down')
        return { do: 'set-health', server, health: value };
      return answer("'set server <srv> health' expects 'up', 'stopping', or 'down'.\n");
    case 'addr': {
      const port = more[0] === 'port' ? Number(more[1]) : undefined;
      if (port === undefined || Number.isInteger(port)) return { do: 'set-addr', server, address: value, port };
      return answer('Invalid port.\n');
    }
    case 'fqdn':
      return isNamed(value)
        ? { do: 'set-addr', server, address: value, port: undefined }
        : answer('set server <b>/<s> fqdn requires a name.\n');
    case 'agent':
      return answer('agent checks are not enabled on this server.\n');
    default:
      return answer('usage: set server <backend>/<server> addr | fqdn | health | state | weight\n');
  }
}

function counted(text: string | undefined, make: (count: number) => Command): Command {
  return text !== undefined && /^[0-9]{1,7}$/.test(text) ? make(Number(text)) : answer('Integer value expected.\n');
}

/** A weight of `set weight`: absolute, or percent of the initial one. Undefined if it is neither. */
export function parseWeight(text: string, initial: number): number | undefined {
  const match = /^([0-9]{1,3})(%?)$/.exec(text);
  if (!match) return undefined;
  const value = match[2] === '%' ? Math.floor((initial * Number(match[1])) / 100) : Number(match[1]);
  return value <= 256 ? value : undefined;
}

/** The options of `add server`, in the words of a `server` line; or what is wrong with them. */
export function parseServerWords(words: readonly string[]): ServerWords | string {
  const found: ServerWords = {};
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const value = words[at + 1] ?? '';
    if (word === 'check' || word === 'backup') {
      found[word] = true;
    } else if (word === 'disabled' || word === 'enabled') {
      found.disabled = word === 'disabled';
    } else if (word === 'cookie' && value !== '') {
      found.cookie = value;
      at += 1;
    } else if ((word === 'weight' || word === 'maxconn') && /^[0-9]{1,7}$/.test(value)) {
      found[word] = Number(value);
      at += 1;
    } else {
      return `'add server': unknown or incomplete option '${word}'; there are check, backup, disabled, enabled, cookie, weight and maxconn.`;
    }
  }
  return (found.weight ?? 0) > 256 ? "'add server': a weight is at most 256." : found;
}

export interface ServerWords {
  check?: boolean;
  backup?: boolean;
  disabled?: boolean;
  cookie?: string;
  weight?: number;
  maxconn?: number;
}
