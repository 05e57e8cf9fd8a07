// Starts a program as a given user: the command line, the password dialogue, and what its failures mean.
// The password is written to the standard input of sudo or su when they ask for it, and never stands in argv.
import { VezaError } from '../../lib/errors.ts';
import { quote } from '../../lib/shell.ts';
import type { Identity } from '../../engine/ports.ts';
import type { Channel, OpenChannel } from './channel.ts';
import { MarkReader, newNonce, printMark } from './marks.ts';

export interface StartedProgram {
  readonly channel: Channel;
  readonly pid: number;
}

export interface StartOptions {
  readonly open: OpenChannel;
  readonly identity: Identity;
  readonly program: string;
  /** The POSIX shell of the host: /bin/sh. */
  readonly shellPath: string;
  readonly timeoutMs: number;
  /** The error to reject with when the connection is lost. */
  readonly lost: () => VezaError;
}

/** Starts `/bin/sh -c program` as the identity; resolves when it runs. Rejects with VezaError `become-failed` or `unreachable`. */
export async function startProgram(options: StartOptions): Promise<StartedProgram> {
  const nonce = newNonce();
  const { identity } = options;
  if (identity.user !== null && identity.method === 'doas' && identity.password !== undefined) {
    throw becomeFailed(identity, 'doas reads a password only from a terminal', 'Allow it with "nopass" in doas.conf.');
  }
  const channel = await options.open(commandLine(options, nonce));
  try {
    const pid = await dialogue(channel, nonce, options);
    return { channel, pid };
  } catch (error) {
    channel.close();
    throw error;
  }
}

function commandLine({ identity, program, shellPath }: StartOptions, nonce: string): string {
  const { user, method, password } = identity;
  const text = `${printMark(nonce, 'ready', '0', '$$')}; ${program}`;
  const shell = [shellPath, '-c', text];
  const become = (words: readonly string[]) =>
    `exec env LC_ALL=C ${[...(identity.exe ?? [method]), ...words].map(quote).join(' ')}`;
  if (user === null) return `exec ${shell.map(quote).join(' ')}`;
  switch (method) {
    case 'sudo': {
      const asking = password === undefined ? ['-n'] : ['-S', '-p', `${nonce}:prompt`];
      return become([...asking, ...flagsOf(identity, ['-H']), '-u', user, ...shell]);
    }
    case 'su':
      return become([...flagsOf(identity, []), user, '-s', ...shell]);
    case 'doas':
      return become(['-n', ...flagsOf(identity, []), '-u', user, ...shell]);
    default:
      return method satisfies never;
  }
}

/** Flags that people give in place of the method's own. Whether and how a password is asked for is not theirs to say. */
function flagsOf({ flags, method }: Identity, own: readonly string[]): readonly string[] {
  if (flags === undefined) return own;
  return method === 'su' ? flags : flags.filter((flag) => flag !== '-n' && flag !== '-S');
}

/** Answers at most one prompt; a second one means that the password was wrong. */
function dialogue(channel: Channel, nonce: string, options: StartOptions): Promise<number> {
  const { identity } = options;
  const prompt = identity.method === 'sudo' ? new RegExp(`${nonce}:prompt`, 'g') : /password[^\n]*: ?$/gi;
  let said = '';
  let asked = 0;
  return new Promise<number>((resolve, reject) => {
    const fail = (reason: string): void => finish(() => reject(becomeFailed(identity, reason)));
    const reader = new MarkReader(
      nonce,
      () => undefined,
      (mark) => finish(() => resolve(mark.value)),
    );
    const onOut = (chunk: Buffer): void => reader.push(chunk);
    const onError = (chunk: Buffer): void => {
      said = (said + chunk.toString('utf8')).slice(-4096);
      const count = said.match(prompt)?.length ?? 0;
      if (count === 0 || identity.user === null) return;
      said = said.replace(prompt, '');
      asked += 1;
      if (identity.password === undefined) fail('a password is required');
      else if (asked > 1) fail('the password was not accepted');
      else channel.stdin.write(`${identity.password}\n`);
    };
    const timer = setTimeout(() => {
      const who = identity.user === null ? 'the login shell' : `${identity.method} to ${identity.user}`;
      finish(() => reject(new VezaError('unreachable', `${who} did not answer within ${options.timeoutMs} ms`)));
    }, options.timeoutMs);
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      channel.stdout.off('data', onOut);
      channel.stderr.off('data', onError);
      settle();
    };
    channel.stdout.on('data', onOut);
    channel.stderr.on('data', onError);
    void channel.ended.then((end) => {
      if (end === null) finish(() => reject(options.lost()));
      else if (identity.user === null) finish(() => reject(noShell(said)));
      else fail(allLines(said) || (asked > 0 ? 'the password was not accepted' : 'it ended at once'));
    });
  });
}

function noShell(said: string): VezaError {
  return new VezaError('unreachable', `the login shell ended at once${said.trim() ? `: ${allLines(said)}` : ''}`, {
    hint: 'The user needs a login shell that can run commands, and the host needs /bin/sh.',
  });
}

function becomeFailed(identity: Identity, reason: string, hint?: string): VezaError {
  const message = `cannot become ${identity.user ?? ''} with ${identity.method}: ${reason}`;
  return new VezaError('become-failed', message, { hint: hint ?? hintFor(reason) });
}

/** First match wins: a refusal by sudoers comes after a password that was right. */
const hints: readonly (readonly [RegExp, string])[] = [
  [/not allowed|not in the sudoers|may not run|not permitted/i, 'Allow the login user to run /bin/sh in sudoers.'],
  [/unknown user|does not exist/i, 'Check become_user; the user has to exist on the host.'],
  [/not found|No such file/i, 'Install that program on the host, or log in as the user.'],
  [/not accepted|incorrect password|authentication failure/i, 'Check the become password (-K asks for it).'],
  [
    /password is required|terminal is required/i,
    'Give the become password with -K, or allow it without one (NOPASSWD).',
  ],
];

function hintFor(reason: string): string {
  return (
    hints.find(([pattern]) => pattern.test(reason))?.[1] ??
    'Try it by hand on the host; -K asks for the become password.'
  );
}

/** What a program said, on one line: the reason may be its first line or its last. */
function allLines(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !/^(Sorry, try again\.|Password:)$/.test(line)).join('; ');
}
