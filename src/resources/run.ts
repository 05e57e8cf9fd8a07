// A command that runs: the one thing whose state cannot be looked at, only guarded. It may change anything.
import { createHash } from 'node:crypto';
import type { Change } from '../core/change.ts';
import type { Diff, ResourceKind } from '../core/resource.ts';
import { joinScripts, quote, rawShell, sh, type Script } from '../lib/shell.ts';
import { Cursor } from './support/cursor.ts';
import { environmentOf } from './support/environment.ts';
import { printBytes } from './support/payload.ts';

export interface RunId {
  /** Words of a program and its arguments, or text for a shell. */
  readonly command: readonly string[] | string;
  /** Another shell than /bin/sh for the text. */
  readonly executable?: string;
  readonly chdir?: string;
  readonly stdin?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Not to run when a path that fits this pattern exists. */
  readonly creates?: string;
  /** Not to run when no path that fits this pattern exists. */
  readonly removes?: string;
  /** Shell text that only reads: not to run when it succeeds. */
  readonly unless?: string;
  /** Shell text that only reads: not to run when it fails. */
  readonly onlyif?: string;
  /** The command only reads: it runs when the host is looked at, in dry runs too. */
  readonly readOnly?: boolean;
}

export interface RunState {
  /** True also where a guard says that there is no need. */
  readonly ran: boolean;
  readonly skipReason?: string;
  readonly exitCode?: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

export const run: ResourceKind<RunId, RunState> = {
  kind: 'run',
  key: (id) => `run:${display(id)} #${fingerprint(id)}`,
  probe: (ids) => joinScripts(...ids.map(probeOne), rawShell('echo end')),
  parse,
  apply: (id) => execute(id),
  // What ran may run again; with a guard it is taken to have done what the guard looks for.
  predict: (id) => ({ ran: id.creates !== undefined || id.removes !== undefined || hasCommandGuard(id) }),
  dependsOnAnything: (id) =>
    id.readOnly === true || id.creates !== undefined || id.removes !== undefined || hasCommandGuard(id),
  disturbs: (id) => (id.readOnly === true ? new Map() : 'everything'),
  verifies: () => [],
  describe: (id, change) => describe(id, change),
};

/** The command as people know it. */
export function display(id: RunId): string {
  return typeof id.command === 'string' ? id.command : id.command.map(quote).join(' ');
}

function fingerprint(id: RunId): string {
  return createHash('sha256').update(JSON.stringify(id)).digest('hex').slice(0, 16);
}

function hasCommandGuard(id: RunId): boolean {
  return id.unless !== undefined || id.onlyif !== undefined;
}

function probeOne(id: RunId): Script {
  const mark = fingerprint(id);
  const enter = id.chdir !== undefined && sh`cd ${id.chdir} 2>/dev/null || exit 1`;
  const guard = (text: string): Script =>
    joinScripts(
      rawShell('('),
      enter,
      environmentOf(id.environment),
      sh`eval ${text}`,
      rawShell(') </dev/null >/dev/null 2>&1'),
    );
  return joinScripts(
    sh`vz_reason=`,
    // One reason is enough; the cheap guards come first.
    id.creates !== undefined && pathGuard(id.creates, id.chdir, 'creates'),
    id.removes !== undefined && pathGuard(id.removes, id.chdir, 'removes'),
    id.unless !== undefined && sh`if [ -z "$vz_reason" ] && ${guard(id.unless)}; then vz_reason=unless; fi`,
    id.onlyif !== undefined && sh`if [ -z "$vz_reason" ] && ! ${guard(id.onlyif)}; then vz_reason=onlyif; fi`,
    sh`printf '%s %s\n' ${mark} "\${vz_reason:-none}"`,
    id.readOnly === true &&
      joinScripts(
        rawShell('if [ -z "$vz_reason" ]; then\n{ vz_errors=$( ( '),
        execute(id),
        rawShell(' ) </dev/null 2>&1 >&3 ); vz_rc=$?; } 3>&1'),
        sh`printf '\n%s %s\n%s\n%s\n' ${mark} "$vz_rc" "$vz_errors" ${mark}`,
        rawShell('fi'),
      ),
  );
}

function pathGuard(pattern: string, chdir: string | undefined, name: 'creates' | 'removes'): Script {
  const found = joinScripts(
    rawShell('('),
    chdir !== undefined && sh`cd ${chdir} 2>/dev/null || exit 1`,
    rawShell(
      `for path in ${globWord(pattern)}; do if [ -e "$path" ] || [ -L "$path" ]; then exit 0; fi; done\nexit 1 )`,
    ),
  );
  const not = rawShell(name === 'removes' ? '! ' : '');
  return sh`if [ -z "$vz_reason" ] && ${not}${found}; then vz_reason=${name}; fi`;
}

/** A word in which only `*`, `?` and `[...]` keep a meaning. */
function globWord(pattern: string): string {
  const parts = pattern.split(/([*?]|\[[^\]/]+\])/);
  return (
    parts.map((part, index) => (index % 2 === 1 ? globPart(part) : part === '' ? '' : quote(part))).join('') || "''"
  );
}

function globPart(part: string): string {
  if (part.length === 1) return part;
  return /^\[[\w!^.-]+\]$/.test(part) ? part : quote(part);
}

function parse(output: string, ids: readonly RunId[]): Map<string, RunState | null> {
  const cursor = new Cursor(output, 'commands');
  const states = new Map<string, RunState | null>();
  for (const id of ids) {
    const mark = fingerprint(id);
    cursor.expect(`${mark} `);
    const reason = cursor.until('\n');
    states.set(
      run.key(id),
      reason === 'none' ? needed(id, cursor, mark) : { ran: true, skipReason: explain(id, reason) },
    );
  }
  cursor.expect('end\n');
  return states;
}

function needed(id: RunId, cursor: Cursor, mark: string): RunState {
  if (id.readOnly !== true) return { ran: false };
  const stdout = cursor.until(`\n${mark} `);
  const exitCode = Number(cursor.until('\n'));
  const stderr = cursor.until(`\n${mark}\n`);
  return { ran: true, exitCode, stdout, stderr };
}

function explain(id: RunId, reason: string): string {
  if (reason === 'creates') return `skipped, since ${id.creates ?? ''} exists`;
  if (reason === 'removes') return `skipped, since ${id.removes ?? ''} does not exist`;
  return reason === 'unless'
    ? `skipped, since "${id.unless ?? ''}" succeeded`
    : `skipped, since "${id.onlyif ?? ''}" did not succeed`;
}

function execute(id: RunId): Script {
  const { command, executable } = id;
  // `eval` keeps the text out of every process's arguments, and a mistake in it inside this subshell.
  const call =
    typeof command !== 'string'
      ? sh`${command}`
      : executable === undefined
        ? sh`eval ${command}`
        : sh`${executable} -c ${command}`;
  return joinScripts(
    id.chdir !== undefined &&
      sh`cd ${id.chdir} || { printf 'Unable to change directory before execution: %s\n' ${id.chdir} >&2; exit 1; }`,
    environmentOf(id.environment),
    id.stdin === undefined
      ? call
      : joinScripts(
          rawShell('{'),
          printBytes(new TextEncoder().encode(id.stdin)),
          rawShell('} | {'),
          call,
          rawShell('}'),
        ),
  );
}

function describe(id: RunId, change: Change<RunState>): Diff {
  return {
    attributes: [{ name: 'command', before: undefined, after: change.after?.ran === true ? display(id) : undefined }],
  };
}
