// Commands of the stats socket that change something, and what HAProxy answers to them.
import type { Command, SocketLevel } from '../core/stats/command.ts';
import { parseServerWords } from '../core/stats/added-server.ts';
import { failure, note, type Reply } from '../core/stats/reply.ts';
import { type TableAction, tableCommand } from '../core/stats/stick-commands.ts';
import { noSuchServer, splitKey } from '../core/config/edit.ts';
import { audited } from './audit.ts';
import type { ControlledProxy } from './controlled-proxy.ts';
import { PatternCommands } from './pattern-commands.ts';
import { needless, type ServerActions } from './server-actions.ts';
import { SslCommands } from './ssl-commands.ts';

export interface Speaker {
  /** Who, for the audit. */
  readonly actor: string;
  readonly level: SocketLevel;
}

/** What a session does itself. */
type AboutSession = { readonly do: 'set-timeout' | 'set-severity' };

/** Those that `TextCommands` does not answer itself. */
export type Change = Extract<
  Command,
  {
    readonly do:
      | `set-${string}`
      | `add-${string}`
      | `del-${string}`
      | `shutdown-${string}`
      | 'clear-counters'
      | 'table'
      | 'pattern'
      | 'ssl-cert'
      | 'reload'
      | 'upgrade';
  }
>;

export class TextChanges {
  readonly #proxy: ControlledProxy;
  readonly #actions: ServerActions;
  readonly #ssl: SslCommands;
  readonly #patterns: PatternCommands;

  constructor(proxy: ControlledProxy, actions: ServerActions) {
    this.#proxy = proxy;
    this.#actions = actions;
    this.#ssl = new SslCommands(proxy);
    this.#patterns = new PatternCommands(proxy);
  }

  async run(command: Exclude<Change, AboutSession>, speaker: Speaker): Promise<Reply> {
    const actions = this.#actions;
    const { actor } = speaker;
    switch (command.do) {
      case 'set-state':
        return said(actions.setState(actor, command.server, command.state));
      case 'set-weight':
        return said(actions.setWeight(actor, command.server, command.weight));
      case 'set-health':
        return said(actions.setHealth(actor, command.server, command.health));
      case 'set-checking':
        return said(actions.setChecking(actor, command.server, command.on));
      case 'set-check':
        return said(await actions.setCheck(actor, command.server, command.change));
      case 'set-asking':
        return said(actions.setAsking(actor, command.server, command.on));
      case 'set-agent-word':
        return said(actions.setAgentWord(actor, command.server, command.up));
      case 'set-agent':
        return said(await actions.setAgent(actor, command.server, command.change));
      case 'set-addr':
        return this.#setAddress(actor, command.server, command.address, command.port);
      case 'set-maxconn':
        return said(await actions.setMaxconn(actor, command.server, command.count));
      case 'set-frontend-maxconn':
        return said(await actions.setFrontendMaxconn(actor, command.frontend, command.count));
      case 'set-frontend':
        return said(await actions.setFrontend(actor, command.frontend, command.action));
      case 'add-server':
        return this.#add(actor, command.server, command.address, command.words);
      case 'del-server':
        return said(await actions.remove(actor, command.server), 'Server deleted.\n');
      case 'shutdown-sessions':
        return said(actions.shutdownSessions(actor, command.server));
      case 'shutdown-session':
        return this.#shutdownSession(actor, command.session);
      case 'clear-counters':
        actions.clearCounters(actor, command.all);
        return '';
      case 'table':
        return this.#table(command.action, command.words, speaker);
      case 'pattern':
        return this.#patterns.run(command, speaker);
      case 'ssl-cert':
        return this.#ssl.run(command.action, command.file, command.payload, actor);
      case 'reload':
        return done(await audited(this.#proxy, actor, 'reload', () => this.#proxy.reload()));
      case 'upgrade':
        return done(await audited(this.#proxy, actor, 'upgrade', () => this.#proxy.upgrade()));
      default:
        return command satisfies never;
    }
  }

  async #table(action: TableAction, words: readonly string[], { actor, level }: Speaker): Promise<Reply> {
    const proxy = this.#proxy;
    // Workers that tell their counters tell first what is new in the tables.
    await proxy.counters();
    const { tables } = proxy.sticks;
    if (action !== 'show') proxy.events.emit('admin_action', { actor, action: `${action}-table`, detail: { words } });
    return tableCommand(action, words, {
      tables,
      config: proxy.config(),
      nowMs: performance.now(),
      level,
      tell: (table, key) => proxy.sticks.tell(table, key),
      forget: (table, keys) => proxy.sticks.forget(table, keys),
    });
  }

  async #setAddress(actor: string, key: string, address: string, port: number | undefined): Promise<Reply> {
    const before = this.#proxy.registry.find(key)?.config;
    const problem = await this.#actions.setAddress(actor, key, address, port);
    if (problem !== undefined || !before) return said(problem ?? noSuchServer);
    const moved =
      before.address === address ? 'no need to change the addr' : `IP changed from '${before.address}' to '${address}'`;
    // HAProxy warns of it, whatever came of it.
    if (port === undefined) return note(`${moved} by 'stats socket command'\n`, 'warning');
    const other =
      port === before.port ? 'no need to change the port' : `port changed from '${before.port}' to '${port}'`;
    return note(`${moved}, ${other} by 'stats socket command'\n`, 'warning');
  }

  async #add(actor: string, key: string, at: string, words: readonly string[]): Promise<Reply> {
    const [backend, name] = splitKey(key);
    const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^[\]\s]+)):([0-9]{1,5})$/.exec(at);
    if (!match) return failure(`'${at}' is not an address and a port.\n`);
    const options = parseServerWords(words);
    if (typeof options === 'string') return failure(`${options}\n`);
    const siblings = this.#proxy.config().backends.find((each) => each.name === backend)?.servers;
    if (options.check === true && siblings?.some(({ check }) => check) === false) {
      return failure("'check' : no server of this backend has a check that this one could take over.\n");
    }
    const server = { name, address: match[1] ?? match[2] ?? '', port: Number(match[3]), ...options };
    return said(await this.#actions.add(actor, backend, server), 'New server registered.\n');
  }

  async #shutdownSession(actor: string, id: string): Promise<Reply> {
    const sessions = await this.#proxy.sessions();
    if (!sessions.some((session) => session.id === id)) return failure("No such session (use 'show sess').\n");
    this.#proxy.shutdownSession(id);
    this.#proxy.events.emit('admin_action', { actor, action: 'shutdown-session', detail: { session: id } });
    return '';
  }
}

function said(problem: string | undefined, done = ''): Reply {
  if (problem === undefined) return note(done);
  return needless.has(problem) ? note(`${problem}\n`, 'notice') : failure(`${problem}\n`);
}

/** Of what is no command of HAProxy: `veza-proxy reload` waits for these words. */
function done(problem: string | undefined): Reply {
  return problem === undefined ? note('Success=1\n') : failure(problem);
}
