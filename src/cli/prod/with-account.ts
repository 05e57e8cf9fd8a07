// The frame of every prod command: its time limit, its account, and what its failure means to whoever called it.
import { VezaError } from '../../lib/errors.ts';
import { printError } from '../output.ts';
import { openAccount, type Account, type ProdFlags } from './account.ts';
import { exitCodeOfError, limitTime, type UsualTime } from './time-limit.ts';

/** Resolves to the exit code: that of `use`, or that of what went wrong, which is told. */
export async function withAccount(
  flags: ProdFlags,
  usual: UsualTime,
  use: (account: Account) => Promise<number>,
): Promise<number> {
  using limit = limitTime(flags.timeout, usual);
  await using account = await openAccount(flags, limit);
  try {
    return await use(account);
  } catch (error) {
    const reason: unknown = limit.signal.reason;
    // Whatever broke when the time was over broke because of that.
    const told = reason instanceof VezaError ? reason : error;
    if (!(told instanceof VezaError)) throw error;
    printError(told);
    return exitCodeOfError(told);
  }
}
