// The commands of veza-proxy, as they are called and helped with.
import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { type Diagnostic, formatDiagnostic } from '../lib/diagnostic.ts';
import { messageOf, VezaError } from '../lib/errors.ts';
import { nearestName } from '../lib/suggest.ts';
import { judgeTree } from './core/config/read.ts';
import { renderTree } from './core/convert/render.ts';
import { localPeerVariable } from './core/config/resolve-peers.ts';
import { diffConfigs, showDiff } from './core/diff/diff.ts';
import { hashPassword } from './core/handling/basic-auth.ts';
import { dnsProviders } from './dns-providers.ts';
import { askRunning } from './server/ask-reload.ts';
import { checkServers } from './server/check-servers.ts';
import { control } from './server/ctl.ts';
import {
  ConfigError,
  convertSource,
  loadConfig,
  type LoadedConfig,
  readFiles,
  soundConfig,
} from './server/config-source.ts';
import { Master } from './server/master.ts';
import { version } from './server/version.ts';

interface Command {
  /** Names of what it needs. */
  readonly takes: readonly string[];
  readonly summary: string;
  readonly help?: string;
  readonly options?: Readonly<Record<string, { readonly type: 'boolean' | 'string'; readonly short?: string }>>;
  run(given: readonly string[], options: Readonly<Record<string, string | boolean | undefined>>): Promise<void>;
}

/** Of commands that read a configuration. */
const ofConfig = { 'local-peer': { type: 'string', short: 'L' } } as const;

const commands: Readonly<Record<string, Command>> = {
  run: {
    takes: ['CONFIG'],
    summary: 'start with this configuration',
    help: `CONFIG is a YAML or JSON file, a folder of them, or a haproxy.cfg.
  --watch        reload when it changes; take certificates, keys and authorities that were replaced
  --state DIR    keep the configuration that last worked in DIR ($STATE_DIRECTORY of systemd when left out) and
                 start with it when CONFIG is invalid or missing
Values: \${VARIABLE} and \${VARIABLE:-default} in the file, VEZA_LB_WORKERS and the like over it (VEZA_PREFIX=EDGE_:
EDGE_WORKERS).
Signals: SIGHUP reloads, SIGTERM stops gracefully, SIGUSR1 (or SIGUSR2) opens the log files again.`,
    options: { ...ofConfig, watch: { type: 'boolean' }, state: { type: 'string' } },
    run: ([file = ''], options) => run(file, options),
  },
  validate: {
    takes: ['CONFIG'],
    summary: 'check it and tell every problem; start nothing',
    help: `CONFIG is a YAML or JSON file, a folder of them, or a haproxy.cfg. The certificates and keys that it names are read too.
Exit codes: 0 it is valid (there may be warnings), 1 it is not.`,
    options: ofConfig,
    run: ([file = '']) => {
      warn(loadConfig(file, 'validate'));
      process.stdout.write(`${file}: the configuration is valid\n`);
      return Promise.resolve();
    },
  },
  check: {
    takes: ['CONFIG'],
    summary: 'check all its servers once, as a running proxy would; start nothing',
    help: `  --wait   check again, with growing pauses, for about 15 s
Exit codes: 0 all pass, 2 not all, 1 the configuration is not valid.`,
    options: { ...ofConfig, wait: { type: 'boolean' } },
    run: async ([file = ''], options) => {
      const { lines, failed } = await checkServers(loadConfig(file, 'run'), options['wait'] === true);
      process.stdout.write(lines.map((line) => `${line}\n`).join(''));
      if (failed > 0) process.exitCode = 2;
    },
  },
  diff: {
    takes: ['OLD', 'NEW'],
    summary: 'tell what changes from one configuration to the other, and what a reload does',
    help: 'Exit codes: 0 nothing changes, 2 something does, 1 one of them is not valid.',
    options: ofConfig,
    run: ([before = '', after = '']) => {
      const text = showDiff(diffConfigs(soundConfig(before).config, soundConfig(after).config));
      process.stdout.write(text === undefined ? 'nothing changes\n' : `${text}\n`);
      if (text !== undefined) process.exitCode = 2;
      return Promise.resolve();
    },
  },
  convert: {
    takes: ['FILE'],
    summary: 'write a haproxy.cfg as our YAML to standard output',
    help: `Also files of Mogoly (\`server:\`) and of terraster (\`services:\`).
What cannot be carried over is told with its place. Errors change what clients get; warnings do not.
  --strict   write nothing unless all of it was carried over
Exit codes: 0 all that matters was carried over, 2 not all.
\`run\` and \`validate\` take a haproxy.cfg directly, if there are no such errors.`,
    options: { strict: { type: 'boolean' } },
    run: ([file = ''], options) => {
      convert(file, options['strict'] === true);
      return Promise.resolve();
    },
  },
  reload: {
    takes: ['CONFIG'],
    summary: 'let the running proxy read it again; fails if the proxy refuses',
    help: `Speaks to the first \`stats.socket\` of CONFIG and waits for the outcome.
Exit codes: 0 it runs, 1 it was refused and the old one runs on, 3 no proxy could be reached.`,
    options: ofConfig,
    run: async ([file = '']) => {
      const problem = await askRunning(file, 'reload');
      if (problem === undefined) process.stdout.write(`${file}: reloaded\n`);
      else throw new VezaError('reload-refused', `${problem}\nthe reload was refused, the old configuration runs on`);
    },
  },
  upgrade: {
    takes: ['CONFIG'],
    summary: 'replace the workers of the running proxy by those of the installed version',
    help: `For after a new version was installed in place of the old one: each worker is started anew from it, one after the
other, and the old one finishes what is under way. No connection is refused. When one does not come up the old one stays.
Speaks to the first \`stats.socket\` of CONFIG. The master process stays the old one until the service is restarted.`,
    options: ofConfig,
    run: async ([file = '']) => {
      const problem = await askRunning(file, 'upgrade');
      if (problem === undefined) process.stdout.write('all workers were replaced\n');
      else throw new VezaError('upgrade-failed', `${problem}\nthe workers that were not replaced serve on`);
    },
  },
  password: {
    takes: [],
    summary: 'hash a password from standard input, for basicAuth',
    run: async () => {
      const password = (await text(process.stdin)).replace(/\r?\n$/, '');
      if (password === '') throw new VezaError('bad-usage', 'there is no password on standard input');
      process.stdout.write(`${await hashPassword(password, randomBytes(16))}\n`);
    },
  },
  ctl: {
    takes: ['WORDS'],
    summary: 'control a running proxy, or its tokens',
    help: `  ctl token create NAME --file FILE [--role admin|reader]   prints the token, which is kept nowhere
  ctl token revoke NAME --file FILE
  ctl token list --file FILE
  ctl WORDS... --socket ADDRESS   a command of the stats socket, such as: ctl show stat --socket 127.0.0.1:9100
Exit codes: 0 it was done, 1 the proxy says that it was not, 3 no proxy could be reached.`,
    options: { file: { type: 'string' }, role: { type: 'string' }, socket: { type: 'string' } },
    run: (words, options) => control(words, options),
  },
  version: {
    takes: [],
    summary: 'print the version',
    run: () => {
      process.stdout.write(`veza-proxy ${version} (node ${process.version})\n`);
      return Promise.resolve();
    },
  },
};

/** Exit codes: 0 ok, 1 wrong usage or configuration, 2 partly (diff: different; convert: not all), 3 could not start. */
export async function runCommand(args: readonly string[]): Promise<void> {
  const [name = '', ...rest] = args;
  if (name === 'help' || name === '--help' || name === '-h') {
    const [about] = rest;
    const command = about === undefined ? undefined : commands[about];
    if (about !== undefined && !command) noCommand(about);
    else process.stdout.write(command ? helpOf(about ?? '', command) : usage());
    return;
  }
  const command = commands[name === '--version' ? 'version' : name];
  if (command) await withErrors(() => call(name, command, rest));
  else noCommand(name);
}

function noCommand(name: string): void {
  const near = nearestName(name, Object.keys(commands));
  process.stderr.write(name === '' ? usage() : `error: there is no command ${name}\n`);
  if (name !== '') process.stderr.write(near === null ? usage() : `  help: Did you mean ${near}?\n`);
  process.exitCode = 1;
}

async function call(name: string, command: Command, args: readonly string[]): Promise<void> {
  const options = { ...command.options, help: { type: 'boolean', short: 'h' } } as const;
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    // Node.js says besides how to name a file that begins with a hyphen.
    const [message = ''] = messageOf(error).split('. ');
    const [, wrong = ''] = /'--([^' ]+)/.exec(message) ?? [];
    const near = nearestName(wrong, Object.keys(options));
    const hint = near === null ? `\`veza-proxy ${name} --help\` tells what there is.` : `Did you mean --${near}?`;
    throw new VezaError('bad-usage', message, { hint });
  }
  const { positionals, values } = parsed;
  if (values['help'] === true) {
    process.stdout.write(helpOf(name, command));
  } else if (name === 'ctl' ? positionals.length === 0 : positionals.length !== command.takes.length) {
    const wanted = command.takes.join(' ') || 'nothing';
    const given = positionals.length === 0 ? 'nothing was given' : `this was given: ${positionals.join(' ')}`;
    process.stderr.write(`error: ${name} takes ${wanted}, and ${given}\n${helpOf(name, command)}`);
    process.exitCode = 1;
  } else {
    takeLocalPeer(values);
    await command.run(positionals, values);
  }
}

function usage(): string {
  const lines = Object.entries(commands).map(([name, { takes, summary }]) => {
    return `  veza-proxy ${[name, ...takes].join(' ').padEnd(18)} ${summary}\n`;
  });
  return `usage:\n${lines.join('')}  veza-proxy COMMAND --help\n`;
}

const localPeerHelp = '  -L, --local-peer NAME   which member of `peers` this machine is (its host name when left out)';

function helpOf(name: string, { takes, summary, help, options }: Command): string {
  const line = [name, ...(options ? ['[OPTIONS]'] : []), ...takes].join(' ');
  const local = options?.['local-peer'] ? `\n${localPeerHelp}\n` : '';
  return `usage: veza-proxy ${line}\n${summary}\n${help === undefined ? '' : `\n${help}\n`}${local}`;
}

async function run(file: string, options: Readonly<Record<string, string | boolean | undefined>>): Promise<void> {
  const { state } = options;
  const master = new Master(file, {
    stateFolder: typeof state === 'string' ? state : process.env['STATE_DIRECTORY'],
    watch: options['watch'] === true,
    dnsProviders,
  });
  await master.start();
}

/** Every later reading of the file is to know it, too. */
function takeLocalPeer({ 'local-peer': name }: Readonly<Record<string, string | boolean | undefined>>): void {
  if (typeof name === 'string') process.env[localPeerVariable] = name;
}

function convert(file: string, strict: boolean): void {
  const [source] = readFiles(file);
  if (!source) return;
  const conversion = convertSource(source);
  if (!conversion) {
    throw new VezaError('bad-usage', `${file} is neither a haproxy.cfg nor a file of Mogoly or terraster`, {
      hint: 'Name a haproxy.cfg with the ending .cfg.',
    });
  }
  const { tree, notes } = conversion;
  const text = renderTree(tree, basename(file), notes);
  const judged = judgeTree({ ...tree, diagnostics: [...tree.diagnostics, ...notes] });
  tell(judged.diagnostics, judged.texts);
  const severities = new Set(judged.diagnostics.map(({ severity }) => severity));
  if (severities.has('error') || (strict && severities.has('warning'))) process.exitCode = 2;
  if (!strict || process.exitCode !== 2) process.stdout.write(text);
}

/** Tells what does not stop a configuration. */
function warn({ warnings, texts }: LoadedConfig): void {
  tell(warnings, texts);
}

function tell(problems: readonly Diagnostic[], texts: ReadonlyMap<string, string>): void {
  for (const problem of problems) {
    process.stderr.write(`${formatDiagnostic(problem, texts.get(problem.where?.file ?? ''))}\n`);
  }
}

async function withErrors(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ConfigError) {
      tell(error.diagnostics, error.texts);
      process.exitCode = 1;
    } else {
      const hint = error instanceof VezaError && error.hint !== undefined ? `\n  help: ${error.hint}` : '';
      process.stderr.write(`error: ${messageOf(error)}${hint}\n`);
      process.exitCode = error instanceof VezaError && wrongUse.has(error.code) ? 1 : 3;
    }
  }
}

/** What the caller can mend without looking at the system. */
const wrongUse: ReadonlySet<string> = new Set([
  'cannot-read',
  'bad-usage',
  'reload-refused',
  'upgrade-failed',
  'no-socket',
]);
