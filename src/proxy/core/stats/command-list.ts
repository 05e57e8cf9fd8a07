// The commands of the stats socket: their words, who may say them, what the help says of them, and how they are read.
import type { PatternKind } from '../patterns/pattern-list.ts';
import type { PatternAction } from '../patterns/pattern-words.ts';
import { answer, type Command, type Entry, type SocketLevel, type SslAction, type StatFormat } from './command.ts';
import { counted, ofServer, setMaxconn, setServer, setState, setWeight } from './server-commands.ts';
import { severityOutputs } from './reply.ts';
import type { TableAction } from './stick-commands.ts';

const entry = (words: string, level: SocketLevel, parameters: string, help: string, read: Entry['read']): Entry => ({
  words,
  level,
  read,
  usage: `${`${words} ${parameters}`.trim().padEnd(40)}: ${help}`,
});

/** More words come before fewer: the first entry whose words a line begins with is meant. */
export const entries: readonly Entry[] = [
  entry('show stat', 'user', '[iid|proxy type sid] [json|typed] [up] [no-maint]', 'counters of all proxies', showStat),
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
  entry('show activity', 'user', '', 'what the workers have done', () => ({ do: 'show-activity' })),
  entry('show errors', 'operator', '[<frontend>]', 'the last requests that were no valid ones', ([proxy]) => ({
    do: 'show-errors',
    proxy,
  })),
  entry('show sess', 'operator', '[<id>]', 'connections of clients', ([session]) => ({ do: 'show-sess', session })),
  entry('show version', 'user', '', 'version of the program', () => ({ do: 'show-version' })),
  // Configurations take secrets from variables: those are hidden, and nothing is for operators, whom HAProxy shows all.
  entry('show env', 'admin', '[<name>]', 'variables of the environment but for secrets', ([name]) => ({
    do: 'show-env',
    name,
  })),
  entry('show cli level', 'user', '', 'level of this session', () => ({ do: 'show-level' })),
  entry('show cli sockets', 'user', '', 'stats sockets and their levels', () => ({ do: 'show-cli-sockets' })),
  entry('show ssl cert', 'operator', '[<file>]', 'certificates in use, or one of them', sslCert('show')),
  entry('set ssl cert', 'admin', '<file> <<payload', 'another certificate for a file, until a reload', sslCert('set')),
  entry('commit ssl cert', 'admin', '<file>', 'use the certificate that was set', sslCert('commit')),
  entry('abort ssl cert', 'admin', '<file>', 'forget the certificate that was set', sslCert('abort')),
  entry('show table', 'user', '[<table> [<filter>]*]', 'entries of stick tables (filter: data/key)', table('show')),
  entry('show peers', 'user', '[dict|-] [<peers section>]', 'machines that share stick tables', (words) => ({
    do: 'show-peers',
    words,
  })),
  entry('set table', 'operator', '<table> key <k> [data.* <v>]*', 'update or create an entry', table('set')),
  entry('clear table', 'operator', '<table> [<filter>]*', 'remove entries (filter: data/key)', table('clear')),
  entry('show map', 'user', '[@<ver>] [<map>]', 'maps, or what is in one of them', patterns('map', 'show')),
  entry('show acl', 'user', '[@<ver>] [<acl>]', 'ACLs, or what is in one of them', patterns('acl', 'show')),
  entry('get map', 'operator', '<map> <value>', 'key and value that a sample meets', patterns('map', 'get')),
  entry('get acl', 'operator', '<acl> <value>', 'pattern that a sample meets', patterns('acl', 'get')),
  entry('add map', 'admin', '[@<ver>] <map> <key> <val>', 'another entry (or a payload)', patterns('map', 'add')),
  entry('add acl', 'admin', '[@<ver>] <acl> <pattern>', 'another pattern (or a payload)', patterns('acl', 'add')),
  entry('set map', 'admin', '<map> [<key>|#<ref>] <value>', 'change an entry', patterns('map', 'set')),
  entry('del map', 'admin', '<map> [<key>|#<ref>]', 'remove entries', patterns('map', 'del')),
  entry('del acl', 'admin', '<acl> [<key>|#<ref>]', 'remove patterns', patterns('acl', 'del')),
  entry('clear map', 'admin', '[@<ver>] <map>', 'remove all entries', patterns('map', 'clear')),
  entry('clear acl', 'admin', '[@<ver>] <acl>', 'remove all patterns', patterns('acl', 'clear')),
  entry('prepare map', 'admin', '<map>', 'a new version, to replace all at once', patterns('map', 'prepare')),
  entry('prepare acl', 'admin', '<acl>', 'a new version, to replace all at once', patterns('acl', 'prepare')),
  entry('commit map', 'admin', '@<ver> <map>', 'use this version', patterns('map', 'commit')),
  entry('commit acl', 'admin', '@<ver> <acl>', 'use this version', patterns('acl', 'commit')),
  entry('set server', 'admin', '<b>/<s> ...', 'state, weight, health, address, check or agent', ofServer(setServer)),
  entry('set weight', 'admin', '<b>/<s> <n>[%]', 'change the weight', ofServer(setWeight)),
  entry('set maxconn server', 'admin', '<b>/<s> <n>', 'requests at once', ofServer(setMaxconn)),
  entry(
    'set maxconn frontend',
    'admin',
    '<f> <n>',
    'connections at once',
    ofFrontend((frontend, [count]) =>
      counted(count, (value) => ({ do: 'set-frontend-maxconn', frontend, count: value })),
    ),
  ),
  entry('set timeout cli', 'user', '<delay>', 'end this session when it is silent', ([delay]) => setTimeoutCli(delay)),
  entry('set severity-output', 'user', '[none|number|string]', 'begin messages with their severity', ([wanted]) =>
    setSeverity(wanted),
  ),
  entry('get weight', 'user', '<b>/<s>', 'current and initial weight', of('get-weight')),
  entry('add server', 'admin', '<b>/<s> <addr>:<port> [...]', 'a new server, in maintenance', ofServer(addServer)),
  entry('del server', 'admin', '<b>/<s>', 'remove a server that is in maintenance', of('del-server')),
  entry('enable server', 'admin', '<b>/<s>', 'state ready', setState('ready')),
  entry('disable server', 'admin', '<b>/<s>', 'state maint', setState('maint')),
  entry('enable health', 'admin', '<b>/<s>', 'check it again', turn('set-checking', true)),
  entry('disable health', 'admin', '<b>/<s>', 'check it no more', turn('set-checking', false)),
  entry('enable agent', 'admin', '<b>/<s>', 'ask its agent again', turn('set-asking', true)),
  entry('disable agent', 'admin', '<b>/<s>', 'ask its agent no more', turn('set-asking', false)),
  entry('enable frontend', 'admin', '<f>', 'listen again', frontendTo('enable')),
  entry('disable frontend', 'admin', '<f>', 'listen no more', frontendTo('disable')),
  entry('shutdown frontend', 'admin', '<f>', 'listen no more, for good', frontendTo('shutdown')),
  entry('shutdown sessions server', 'admin', '<b>/<s>', 'close its connections', of('shutdown-sessions')),
  entry('shutdown session', 'admin', '<id>', 'close one connection of a client', ([session]) =>
    session === undefined
      ? answer("Session pointer expected (use 'show sess').\n")
      : { do: 'shutdown-session', session },
  ),
  entry('clear counters', 'operator', '[all]', 'set maxima (all: all counters) to zero', ([all]) => ({
    do: 'clear-counters',
    all: all === 'all',
  })),
  entry('reload', 'admin', '', 'read the configuration file again', () => ({ do: 'reload' })),
  entry('upgrade', 'admin', '', 'replace the workers by those of the installed version', () => ({ do: 'upgrade' })),
  entry('operator', 'operator', '', 'lower the level of this session', () => ({
    do: 'lower-level',
    level: 'operator',
  })),
  entry('user', 'user', '', 'lower the level of this session', () => ({ do: 'lower-level', level: 'user' })),
  entry('help', 'user', '[<command>]', 'commands that match, or all', (words) => ({ do: 'help', words })),
  entry('prompt', 'user', '', 'toggle interactive mode with prompt', () => ({ do: 'prompt' })),
  entry('quit', 'user', '', 'disconnect', () => ({ do: 'quit' })),
];

function showStat(rest: readonly string[]): Command {
  const words = rest.filter((word) => !statWords.has(word));
  const [proxy = '-1', kinds = '-1', sid = '-1'] = words.length < 3 ? [] : words;
  const number = (text: string): number => (/^-?[0-9]+$/.test(text) ? Number(text) : 0);
  return {
    do: 'show-stat',
    filter: {
      format: formatIn(rest),
      onlyUp: rest.includes('up'),
      noMaint: rest.includes('no-maint'),
      proxy: /^-?[0-9]+$/.test(proxy) ? Number(proxy) : proxy,
      kinds: number(kinds),
      sid: number(sid),
    },
  };
}

const statWords: ReadonlySet<string> = new Set(['json', 'typed', 'desc', 'up', 'no-maint']);

function formatIn(words: readonly string[]): StatFormat {
  if (words.includes('json')) return 'json';
  return words.includes('typed') ? 'typed' : 'csv';
}

function table(action: TableAction): Entry['read'] {
  return (words) => ({ do: 'table', action, words });
}

function patterns(kind: PatternKind, action: PatternAction): Entry['read'] {
  return (words, payload) => ({ do: 'pattern', kind, action, words, payload });
}

function sslCert(action: SslAction): Entry['read'] {
  return ([file = ''], payload) => ({ do: 'ssl-cert', action, file, payload });
}

function of(what: 'get-weight' | 'del-server' | 'shutdown-sessions'): Entry['read'] {
  return ofServer((server) => ({ do: what, server }));
}

function turn(what: 'set-checking' | 'set-asking', on: boolean): Entry['read'] {
  return ofServer((server) => ({ do: what, server, on }));
}

function addServer(server: string, [address, ...words]: readonly string[]): Command {
  if (address === undefined) return answer("'server' expects <name> and <addr>[:<port>] as arguments.\n");
  return { do: 'add-server', server, address, words };
}

function ofFrontend(read: (frontend: string, rest: readonly string[]) => Command): Entry['read'] {
  return ([frontend, ...rest]) =>
    frontend === undefined ? answer('A frontend name is expected.\n') : read(frontend, rest);
}

function frontendTo(action: 'enable' | 'disable' | 'shutdown'): Entry['read'] {
  return ofFrontend((frontend) => ({ do: 'set-frontend', frontend, action }));
}

/** A bare number is in seconds, as HAProxy has it for this one. */
function setTimeoutCli(delay: string | undefined): Command {
  if (delay === undefined) return answer('Expects an integer value.\n');
  const [, count = '0', unit = 's'] = /^([0-9]{1,7})(ms|s|m|h|d)?$/.exec(delay) ?? [];
  const delayMs = Number(count) * (unitsMs[unit] ?? 0);
  return delayMs < 1 || delayMs > maxTimeoutMs ? answer('Invalid timeout value.\n') : { do: 'set-timeout', delayMs };
}

function setSeverity(wanted: string | undefined): Command {
  const output = severityOutputs.find((each) => each === wanted);
  if (output === undefined) return answer("one of 'none', 'number', 'string' is a required argument\n");
  return { do: 'set-severity', output };
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Longer than this is no session any more. */
const maxTimeoutMs = 7 * 86_400_000;
