// Entry point of veza-proxy: reads the command, starts the master or (forked by it) a worker.
import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import v8 from 'node:v8';
import { formatDiagnostic } from '../lib/diagnostic.ts';
import { messageOf, VezaError } from '../lib/errors.ts';
import { hashPassword } from './core/handling/basic-auth.ts';
import { ConfigError, loadConfig } from './server/load-config.ts';
import { Master } from './server/master.ts';
import { version } from './server/version.ts';
import { runWorker } from './server/worker.ts';

const usage = `usage: veza-proxy run CONFIG        start with this configuration (YAML or JSON)
       veza-proxy validate CONFIG   check it, start nothing
       veza-proxy password          hash a password from standard input, for basicAuth
       veza-proxy version           print the version
`;

/** Exit codes: 0 ok, 1 wrong usage or configuration, 3 could not start. */
export async function main(args: readonly string[]): Promise<void> {
  const [command, file] = args;
  // An expression of a rule that a hostile path makes backtrack without end goes on in an engine of linear time.
  v8.setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
  if (command === 'worker' && process.send) {
    runWorker();
  } else if (command === 'password') {
    const password = (await text(process.stdin)).replace(/\r?\n$/, '');
    process.stdout.write(`${await hashPassword(password, randomBytes(16))}\n`);
  } else if (command === 'version' || command === '--version') {
    process.stdout.write(`veza-proxy ${version} (node ${process.version})\n`);
  } else if (command === 'help' || command === '--help') {
    process.stdout.write(usage);
  } else if ((command === 'run' || command === 'validate') && file !== undefined) {
    await withErrors(() => (command === 'run' ? run(file) : validate(file)));
  } else {
    process.stderr.write(usage);
    process.exitCode = 1;
  }
}

async function run(file: string): Promise<void> {
  const master = new Master(file, (line) => process.stderr.write(`${line}\n`));
  await master.start();
}

function validate(file: string): Promise<void> {
  const { warnings, text: content } = loadConfig(file, 'validate');
  for (const warning of warnings) process.stderr.write(`${formatDiagnostic(warning, content)}\n`);
  process.stdout.write(`${file}: the configuration is valid\n`);
  return Promise.resolve();
}

async function withErrors(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const diagnostic of error.diagnostics) process.stderr.write(`${formatDiagnostic(diagnostic, error.text)}\n`);
      process.exitCode = 1;
    } else {
      const hint = error instanceof VezaError && error.hint !== undefined ? `\n  help: ${error.hint}` : '';
      process.stderr.write(`error: ${messageOf(error)}${hint}\n`);
      process.exitCode = error instanceof VezaError && error.code === 'cannot-read' ? 1 : 3;
    }
  }
}

if (import.meta.main) await main(process.argv.slice(2));
