// Commands about one server: `set server`, weights, and the words of `add server`. Answers to wrong ones are HAProxy's.
import { isNamed } from '../server-address.ts';
import type { AdminState } from '../balance/server-state.ts';
import { answer, type Command, type Entry } from './command.ts';

const serverUsage =
  'usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | agent-send | check-addr | check-port | ' +
  'fqdn | health | ssl | state | weight\n';

/** A command whose first word is `<backend>/<server>`. */
export function ofServer(read: (server: string, rest: readonly string[]) => Command): Entry['read'] {
  return ([server, ...rest]) =>
    server?.includes('/') === true ? read(server, rest) : answer("Require 'backend/server'.\n");
}

export function setState(state: AdminState): Entry['read'] {
  return ofServer((server) => ({ do: 'set-state', server, state }));
}

/** `set weight`, and `set server ... weight`. */
export function setWeight(server: string, [weight = '']: readonly string[]): Command {
  return weight === '' ? answer('Require <weight> or <weight%>.\n') : { do: 'set-weight', server, weight };
}

export function setMaxconn(server: string, [count = '']: readonly string[]): Command {
  if (count === '') return answer('Require <maxconn>.\n');
  return counted(count, (value) => ({ do: 'set-maxconn', server, count: value }));
}

export function counted(text: string | undefined, make: (count: number) => Command): Command {
  return text !== undefined && /^[0-9]{1,7}$/.test(text) ? make(Number(text)) : answer('Integer value expected.\n');
}

export function setServer(server: string, [what = '', ...rest]: readonly string[]): Command {
  const [value = ''] = rest;
  switch (what) {
    case 'weight':
      return setWeight(server, rest);
    case 'state':
      if (value === 'ready' || value === 'drain' || value === 'maint') return { do: 'set-state', server, state: value };
      return answer("'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n");
    case 'health':
      if (value === 'up' || value === 'stopping' || value === 'down')
        return { do: 'set-health', server, health: value };
      return answer("'set server <srv> health' expects 'up', 'stopping', or 'down'.\n");
    case 'addr':
      return setAddress(server, rest);
    case 'fqdn':
      if (value !== '' && isNamed(value)) return { do: 'set-addr', server, address: value, port: undefined };
      return answer('set server <b>/<s> fqdn requires a FQDN.\n');
    case 'check-addr':
    case 'check-port':
      return setPlace(what, rest, (change) => ({ do: 'set-check', server, change }));
    case 'agent':
      if (value === 'up' || value === 'down') return { do: 'set-agent-word', server, up: value === 'up' };
      return answer("'set server <srv> agent' expects 'up' or 'down'.\n");
    case 'agent-addr':
    case 'agent-port':
      return setPlace(what, rest, (change) => ({ do: 'set-agent', server, change }));
    case 'agent-send':
      if (value === '') return answer("'set server <srv> agent-send' expects a string.\n");
      return { do: 'set-agent', server, change: { send: value.replaceAll(String.raw`\n`, '\n') } };
    case 'ssl':
      return answer("'set server <srv> ssl' cannot be set: TLS is what the backend says for all of its servers.\n");
    default:
      return answer(serverUsage);
  }
}

function setAddress(server: string, [address = '', word, port = '']: readonly string[]): Command {
  if (address === '') return answer('set server <b>/<s> addr requires an address and optionally a port.\n');
  if (isNamed(address)) return answer(`Invalid addr '${address}' by 'stats socket command'\n`);
  if (word !== 'port') return { do: 'set-addr', server, address, port: undefined };
  if (!/^[0-9]+$/.test(port)) return answer(`problem converting port '${port}' to an int\n`);
  return { do: 'set-addr', server, address, port: Number(port) };
}

/** `check-addr A [port P]`, `check-port P`, and the same of agents. */
function setPlace(
  what: 'check-addr' | 'check-port' | 'agent-addr' | 'agent-port',
  [value = '', word, more = '']: readonly string[],
  make: (change: { readonly address?: string; readonly port?: number }) => Command,
): Command {
  const isAddress = what.endsWith('-addr');
  if (value === '')
    return answer(
      `set server <b>/<s> ${what} requires ${isAddress ? 'an address and optionally a port' : 'a port'}.\n`,
    );
  const port = isAddress ? more : value;
  const isPort = /^[0-9]{1,5}$/.test(port) && Number(port) <= 65_535;
  if ((!isAddress || word === 'port') && !isPort) return answer('provided port is not an integer\n');
  if (!isAddress) return make({ port: Number(port) });
  return make({ address: value, ...(word === 'port' && { port: Number(port) }) });
}

/** A weight of `set weight`: absolute, or percent of the initial one; or what is wrong with it, as HAProxy says it. */
export function parseWeight(text: string, initial: number): number | string {
  const match = /^(-?[0-9]{1,6})(%?)$/.exec(text);
  if (!match) return 'Empty weight string empty or preceded by garbage';
  const number = Number(match[1]);
  if (match[2] === '') {
    return number < 0 || number > 256 ? 'Absolute weight can only be between 0 and 256 inclusive.' : number;
  }
  if (number < 0) return 'Relative weight must be positive.';
  return Math.min(256, Math.floor((initial * number) / 100));
}
