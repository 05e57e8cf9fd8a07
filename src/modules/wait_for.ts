// Waits until a port or a path of the host is as wanted.
import { defineContact, type Contact, type ContactResult } from '../core/module.ts';
import { VezaError } from '../lib/errors.ts';
import type { JsonObject } from '../lib/json.ts';
import { sh } from '../lib/shell.ts';
import { activeConnections, defaultActiveStates } from './shared/connections.ts';
import { readUntil } from './shared/streams.ts';

interface Args {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly search_regex?: string;
  readonly state?: 'started' | 'present' | 'stopped' | 'absent' | 'drained';
  readonly timeout?: number;
  readonly delay?: number;
  readonly sleep?: number;
  readonly connect_timeout?: number;
  readonly msg?: string;
  readonly exclude_hosts?: readonly string[];
  readonly active_connection_states?: readonly string[];
}

/** Only so much of a file or a banner is searched. */
const searchedBytes = 1024 * 1024;

export default defineContact({
  name: 'wait_for',
  summary: 'Wait for a port, a path or a text in either, as seen from the host.',
  argumentAliases: { regex: 'search_regex' },
  returns: {
    elapsed: 'Seconds that passed.',
    path: 'The path that was waited for.',
    port: 'The port that was waited for.',
    match_groups: 'Groups of search_regex.',
    match_groupdict: 'Named groups of search_regex.',
  },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      host: { type: 'string', minLength: 1, default: '127.0.0.1', description: 'Name or address, seen from the host.' },
      port: { type: 'integer', minimum: 1, maximum: 65535, description: 'TCP port to wait for.' },
      path: { type: 'string', pattern: '^/', description: 'Path on the host to wait for, instead of a port.' },
      search_regex: {
        type: 'string',
        description: 'Regular expression to find in the file, or in what the port says.',
      },
      state: {
        enum: ['started', 'present', 'stopped', 'absent', 'drained'],
        default: 'started',
        description:
          'started, present: open, or there. stopped, absent: closed, or gone. drained: no connection is active.',
      },
      timeout: { type: 'number', minimum: 0, default: 300, description: 'Seconds after which it has failed.' },
      delay: { type: 'number', minimum: 0, default: 0, description: 'Seconds before the first look.' },
      sleep: { type: 'number', minimum: 0, default: 1, description: 'Seconds between two looks.' },
      connect_timeout: { type: 'number', minimum: 0, default: 5, description: 'Seconds for one connect.' },
      msg: { type: 'string', description: 'What to say on failure.' },
      exclude_hosts: {
        type: 'array',
        items: { type: 'string' },
        description: 'Peer addresses whose connections do not count (state=drained).',
      },
      active_connection_states: {
        type: 'array',
        items: { enum: [...defaultActiveStates, 'CLOSE_WAIT', 'LAST_ACK', 'CLOSING'] },
        description: 'TCP states that count as active (state=drained).',
      },
    },
  },
  examples: [
    { title: 'A service that has come up', args: { port: 8080, timeout: 30 } },
    { title: 'A file that says so', args: { path: '/var/log/app.log', search_regex: 'ready' } },
  ],
  readOnly: () => true,
  contact: waitFor,
});

async function waitFor(args: Args, contact: Contact): Promise<ContactResult> {
  if (args.port !== undefined && args.path !== undefined) {
    throw new VezaError('invalid-argument', 'port and path are alternatives; give one of them');
  }
  if (args.state === 'drained' && args.port === undefined) {
    throw new VezaError('missing-argument', 'state=drained needs a port');
  }
  const begin = contact.now();
  const end = begin + (args.timeout ?? 300) * 1000;
  const known = {
    state: args.state ?? 'started',
    ...(args.port !== undefined && { port: args.port }),
    path: args.path ?? null,
  };
  const elapsed = (): JsonObject => ({ ...known, elapsed: Math.floor((contact.now() - begin) / 1000) });
  await contact.sleep((args.delay ?? 0) * 1000);
  if (args.port === undefined && args.path === undefined) {
    await contact.sleep(Math.max(0, end - contact.now()));
    return { result: elapsed() };
  }
  const look = args.path === undefined ? lookAtPort : lookAtPath;
  for (;;) {
    const found = await look(args, contact, Math.max(1, end - contact.now()));
    if (found) return { result: { ...elapsed(), ...found } };
    const left = end - contact.now();
    if (left <= 0) return { result: elapsed(), failed: args.msg ?? timeoutMessage(args) };
    await contact.sleep(Math.min((args.sleep ?? 1) * 1000, left));
  }
}

function timeoutMessage(args: Args): string {
  const what = args.path ?? `${args.host ?? '127.0.0.1'}:${args.port ?? ''}`;
  if (args.search_regex !== undefined) return `Timeout when waiting for search string ${args.search_regex} in ${what}`;
  const end = {
    stopped: ' to stop',
    absent: ' to be absent',
    drained: ' to drain',
    started: '',
    present: ' to be present',
  };
  return `Timeout when waiting for ${what}${end[args.state ?? 'started']}`;
}

/** What to register if it is as wanted; null: not yet. */
async function lookAtPort(args: Args, contact: Contact, leftMs: number): Promise<JsonObject | null> {
  const { host = '127.0.0.1', port = 0, state = 'started' } = args;
  if (state === 'drained') {
    const active = await activeConnections(contact, {
      host,
      port,
      states: args.active_connection_states ?? defaultActiveStates,
      excludedPeers: args.exclude_hosts ?? [],
    });
    return active === 0 ? {} : null;
  }
  const wantsOpen = state === 'started' || state === 'present';
  const timeoutMs = Math.min((args.connect_timeout ?? 5) * 1000, leftMs);
  try {
    const stream = await contact.dial(host, port, { timeoutMs });
    try {
      // That it opened is what counts; what happens to it later does not.
      stream.on('error', () => undefined);
      if (!wantsOpen) return null;
      if (args.search_regex === undefined) return {};
      const pattern = patternOf(args.search_regex);
      const text = await readUntil(stream, (seen) => pattern.test(seen), contact, {
        timeoutMs: leftMs,
        maxBytes: searchedBytes,
      });
      return matchOf(pattern, text);
    } finally {
      stream.destroy();
    }
  } catch (error) {
    if (error instanceof VezaError && error.code === 'connect-failed') return wantsOpen ? null : {};
    throw error;
  }
}

async function lookAtPath(args: Args, contact: Contact): Promise<JsonObject | null> {
  const { path = '', state = 'started', search_regex: search } = args;
  const gone = state === 'absent' || state === 'stopped';
  const read = search !== undefined && !gone && sh` && { head -c ${searchedBytes} ${path} 2>/dev/null || :; }`;
  const looked = await contact.look(sh`{ [ -e ${path} ] || [ -L ${path} ]; }${read}`);
  const exists = looked.exitCode === 0;
  if (gone) return exists ? null : {};
  if (!exists) return null;
  return search === undefined ? {} : matchOf(patternOf(search), looked.stdout);
}

function patternOf(source: string): RegExp {
  try {
    return new RegExp(source, 'm');
  } catch (error) {
    throw new VezaError('invalid-pattern', `search_regex is not a regular expression: ${source}`, { cause: error });
  }
}

function matchOf(pattern: RegExp, text: string): JsonObject | null {
  const match = pattern.exec(text);
  if (!match) return null;
  return { match_groups: match.slice(1), match_groupdict: { ...match.groups } };
}
