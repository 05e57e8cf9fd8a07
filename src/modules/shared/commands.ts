// What command and shell have in common: guards, the working folder, and what they register.
import type { Outcome, StepOutput } from '../../core/module.ts';
import { observe, want, type Want } from '../../core/resource.ts';
import type { JsonObject } from '../../lib/json.ts';
import { file } from '../../resources/file.ts';
import type { FileId, FileState } from '../../resources/file/state.ts';
import { run, type RunId, type RunState } from '../../resources/run.ts';

export const commandProperties = {
  chdir: { type: 'string', description: 'Folder to run in.' },
  creates: { type: 'string', description: 'Path (or pattern) that makes the command unnecessary when it exists.' },
  removes: {
    type: 'string',
    description: 'Path (or pattern) that makes the command unnecessary when it does not exist.',
  },
  unless: {
    type: 'string',
    description: 'Shell command that only reads; when it succeeds there is nothing to do. Runs in dry runs too.',
  },
  onlyif: {
    type: 'string',
    description: 'Shell command that only reads; unless it succeeds there is nothing to do. Runs in dry runs too.',
  },
  probe: {
    type: 'boolean',
    default: false,
    description: 'The command only reads: it runs in dry runs too, and is never a change.',
  },
  stdin: { type: 'string', description: 'Text for its standard input.' },
  stdin_add_newline: { type: 'boolean', default: true, description: 'End `stdin` with a newline.' },
  strip_empty_ends: { type: 'boolean', default: true, description: 'Drop empty lines at the end of the output.' },
} as const;

export interface CommandArgs {
  readonly chdir?: string;
  readonly creates?: string;
  readonly removes?: string;
  readonly unless?: string;
  readonly onlyif?: string;
  readonly probe?: boolean;
  readonly stdin?: string;
  readonly stdin_add_newline?: boolean;
  readonly strip_empty_ends?: boolean;
}

/** The command, and looks at the paths that guard it: changes foreseen for them count in a dry run. */
export function commandWants(
  command: readonly string[] | string,
  args: CommandArgs,
  environment: Readonly<Record<string, string>>,
  executable?: string,
): Want[] {
  const stdin = args.stdin === undefined ? undefined : args.stdin + (args.stdin_add_newline === false ? '' : '\n');
  const id: RunId = {
    command,
    ...(executable !== undefined && { executable }),
    ...(args.chdir !== undefined && { chdir: args.chdir }),
    ...(stdin !== undefined && { stdin }),
    ...(Object.keys(environment).length > 0 && { environment }),
    ...(args.creates !== undefined && { creates: args.creates }),
    ...(args.removes !== undefined && { removes: args.removes }),
    ...(args.unless !== undefined && { unless: args.unless }),
    ...(args.onlyif !== undefined && { onlyif: args.onlyif }),
    ...(args.probe === true && { readOnly: true }),
  };
  const made = guardLook(args.creates);
  const needed = guardLook(args.removes);
  const runs = want(run, id, () => (exists(made) || (needed !== null && !exists(needed)) ? {} : { ran: true }));
  return [...(made ? [made.want] : []), ...(needed ? [needed.want] : []), runs];
}

type GuardLook = ReturnType<typeof observe<FileId, FileState>>;

/** Patterns and relative paths are left to the host's shell, and so to what is there now. */
function guardLook(path: string | undefined): GuardLook | null {
  return path === undefined || !path.startsWith('/') || /[*?[]/.test(path) ? null : observe(file, { path });
}

function exists(look: GuardLook | null): boolean {
  return look !== null && look.state() !== null;
}

/** What `register` gets, for the documentation. */
export const commandReturns: Readonly<Record<string, string>> = {
  cmd: 'The command.',
  rc: 'Its exit code.',
  stdout: 'Its output.',
  stdout_lines: 'Its output, as a list of lines.',
  stderr: 'Its error output.',
  stderr_lines: 'Its error output, as a list of lines.',
  start: 'When it began, UTC.',
  end: 'When it ended, UTC.',
  delta: 'How long it took.',
};

export const commandDryRun =
  'Guards (creates, removes, unless, onlyif) are looked at; a command that would run is told and not run. With probe: true it runs, for it only looks.';

/** What Ansible's command registers; null while it has only been predicted. */
export function commandResult(
  outcome: Outcome,
  command: readonly string[] | string,
  args: CommandArgs,
): JsonObject | null {
  const cmd = { cmd: typeof command === 'string' ? command : [...command] };
  if (outcome.output) return { ...cmd, ...outputResult(outcome.output, args), ...times(outcome.output) };
  if (outcome.changed) return null;
  const state = outcome.changes.at(-1)?.state as RunState | null | undefined;
  if (state?.skipReason !== undefined) {
    return {
      ...cmd,
      rc: 0,
      ...lines('stdout', state.skipReason),
      ...lines('stderr', ''),
      msg: `Did not run command: ${state.skipReason}`,
    };
  }
  if (state?.exitCode === undefined) return null;
  const { exitCode, stdout = '', stderr = '' } = state;
  const failure = exitCode === 0 ? {} : { failed: true, msg: 'non-zero return code' };
  return { ...cmd, ...outputResult({ exitCode, stdout, stderr }, args), ...failure };
}

function outputResult(output: Pick<StepOutput, 'exitCode' | 'stdout' | 'stderr'>, args: CommandArgs): JsonObject {
  const stripped = (text: string): string => (args.strip_empty_ends === false ? text : text.replace(/[\r\n]+$/, ''));
  return {
    rc: output.exitCode,
    ...lines('stdout', stripped(output.stdout)),
    ...lines('stderr', stripped(output.stderr)),
    ...(output.exitCode !== 0 && { msg: 'non-zero return code' }),
  };
}

function lines(name: string, text: string): JsonObject {
  return { [name]: text, [`${name}_lines`]: text === '' ? [] : text.split(/\r\n|\n/) };
}

function times(output: StepOutput): JsonObject {
  return {
    start: moment(output.startedAtMs),
    end: moment(output.endedAtMs),
    delta: duration(output.endedAtMs - output.startedAtMs),
  };
}

/** As Ansible prints it, in UTC: `2026-01-31 12:00:00.000000`. */
function moment(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('T', ' ').replace('Z', '000');
}

function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  const pad = (value: number): string => String(value).padStart(2, '0');
  const rest = (seconds % 60).toFixed(6).padStart(9, '0');
  return `${Math.floor(seconds / 3600)}:${pad(Math.floor(seconds / 60) % 60)}:${rest}`;
}
