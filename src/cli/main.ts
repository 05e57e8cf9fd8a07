// The composition root: reads the command line and hands over to a command. Every command registers itself from its own
// file in register/ and is loaded when it is called, so that `--version` and `--help` answer at once.
import { setFlagsFromString } from 'node:v8';
import { Command, CommanderError } from 'commander';
import { exitCodes } from './exit-codes.ts';
import { printError } from './output.ts';
import { packageVersion } from './paths.ts';
import { commands } from './register/index.ts';

/** Runs the command line; resolves to the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  // Whoever reads our output may stop reading (`| head`): that is no error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exitCode = exitCodes.ok;
  });
  // A regular expression that a text makes backtrack without end (`^a*a*a*b`) goes on in an engine of linear time, where that
  // engine can: it has no look-around.
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
  let exitCode: number = exitCodes.ok;
  const program = new Command('veza-run')
    .description('Provision hosts over SSH, with dry runs that tell the truth.')
    .version(packageVersion(), '-V, --version')
    .exitOverride()
    .showHelpAfterError('(`veza-run --help` lists the options)')
    .enablePositionalOptions();
  const report = (code: number) => void (exitCode = code);
  program.hook('preAction', async (_program, command) => {
    const { openVault } = await import('./vault-flags.ts');
    await openVault(command.opts());
  });
  for (const register of commands) register(program, report);
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    printError(error);
    return exitCodes.usage;
  }
  return exitCode;
}
