// `veza-run monitor`: open security alerts of GitHub repositories.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pc from 'picocolors';
import PQueue from 'p-queue';
import { inOrder, severities, shortened, sources, type Finding, type Severity } from '../../infra/monitor/findings.ts';
import { GitHub } from '../../infra/monitor/github.ts';
import { messageOf, VezaError } from '../../lib/errors.ts';
import { suggestion } from '../../lib/suggest.ts';
import { mapTexts, terminalText } from '../../lib/terminal-text.ts';
import { exitCodes } from '../exit-codes.ts';
import { print, printError } from '../output.ts';
import { apiClock } from '../prod/account.ts';
import { printJson } from '../prod/present.ts';
import { startProgress } from '../prod/progress.ts';
import { exitCodeOfError, limitTime } from '../prod/time-limit.ts';
import { secrets } from '../secrets.ts';

export interface MonitorFlags {
  readonly repo?: string;
  readonly severity?: readonly string[];
  readonly json?: boolean;
  readonly all?: boolean;
  readonly failOn?: string;
  /** Seconds. */
  readonly timeout?: string;
}

const concurrency = 6;
const run = promisify(execFile);

const seconds = 120;

/** Exit code 1 where a finding is as bad as --fail-on, 3 where something could not be asked. */
export async function monitor(flags: MonitorFlags): Promise<number> {
  const wanted = (flags.severity ?? []).map(severityOf);
  const limit = flags.failOn === undefined ? null : severityOf(flags.failOn);
  using time = limitTime(flags.timeout, { command: 'monitor', seconds });
  try {
    const { findings, errors, disabled } = await ask(flags, time.signal);
    if (time.signal.aborted) throw time.signal.reason;
    const shown = inOrder(findings.filter(({ severity }) => wanted.length === 0 || wanted.includes(severity)));
    if (flags.json) printJson({ findings: shown, errors, disabled });
    else printFindings(shown, errors, disabled);
    const bad = findings.some(
      ({ severity }) => limit !== null && severities.indexOf(severity) <= severities.indexOf(limit),
    );
    if (bad) return exitCodes.usage;
    return errors.length > 0 ? exitCodes.taskFailed : exitCodes.ok;
  } catch (error) {
    if (!(error instanceof VezaError)) throw error;
    printError(error);
    return exitCodeOfError(error);
  }
}

async function ask(flags: MonitorFlags, signal: AbortSignal): Promise<Collected> {
  const baseUrl = process.env['GITHUB_API_URL'] ?? '';
  const gitHub = new GitHub({
    token: await token(),
    clock: apiClock,
    redactor: secrets,
    ...(baseUrl !== '' && { baseUrl }),
  });
  const repos = flags.all ? await gitHub.repositories(await owner(flags.repo), signal) : [await repository(flags.repo)];
  return await collect(gitHub, repos, signal);
}

interface Collected {
  readonly findings: readonly Finding[];
  readonly errors: readonly string[];
  readonly disabled: readonly string[];
}

async function collect(gitHub: GitHub, repos: readonly string[], signal: AbortSignal): Promise<Collected> {
  using progress = startProgress('repositories', repos.length);
  const queue = new PQueue({ concurrency });
  const findings: Finding[] = [];
  const errors: string[] = [];
  const disabled: string[] = [];
  const askFor = async (repo: string) => {
    try {
      // A scanner that is off and a name that is wrong can get the same answer: this one tells them apart.
      await queue.add(() => gitHub.repository(repo, signal));
    } catch (error) {
      errors.push(`${repo}: ${messageOf(error)}`);
      return;
    }
    const answers = await Promise.all(sources.map((source) => queue.add(() => gitHub.alerts(repo, source, signal))));
    for (const [index, answer] of answers.entries()) {
      const source = sources[index] ?? '';
      if ('findings' in answer) findings.push(...answer.findings);
      else if ('disabled' in answer) disabled.push(`${repo}: ${source}`);
      else errors.push(`${repo}: ${source}: ${answer.error}`);
    }
  };
  await Promise.all(
    repos.map(async (repo) => {
      await askFor(repo);
      progress.advance();
    }),
  );
  return { findings, errors: errors.toSorted(), disabled: disabled.toSorted() };
}

/** Whoever made a finding wrote its texts: they are made fit for a terminal. */
function printFindings(all: readonly Finding[], errors: readonly string[], disabled: readonly string[]): void {
  const findings = mapTexts(all, terminalText);
  const counts = severities.map(
    (severity) => `${findings.filter((one) => one.severity === severity).length} ${severity}`,
  );
  print(`${pc.bold(`${findings.length} findings`)}: ${counts.join(', ')}\n`);
  for (const [repo, group] of Map.groupBy(findings, (finding) => finding.repo)) {
    print(`\n${pc.bold(repo)}\n`);
    for (const { severity, source, message, file, line } of group) {
      const place = file === '' ? '' : ` (${file}${line > 0 ? `:${line}` : ''})`;
      print(`  ${paint[severity](`[${severity}]`)} ${source}: ${shortened(message)}${place}\n`);
    }
  }
  if (disabled.length > 0) print(pc.dim(`\nnot switched on: ${terminalText(disabled.join(', '))}\n`));
  for (const error of errors) process.stderr.write(`${pc.yellow(`warning: ${terminalText(error)}`)}\n`);
}

const paint: Readonly<Record<Severity, (text: string) => string>> = {
  critical: pc.red,
  high: pc.red,
  medium: pc.yellow,
  low: pc.dim,
};

function severityOf(word: string): Severity {
  const found = severities.find((severity) => severity === word.toLowerCase());
  if (found) return found;
  throw new VezaError('wrong-option', `there is no severity "${word}"`, {
    hint: suggestion(word, severities) ?? `Severities are: ${severities.join(', ')}.`,
  });
}

/** From the environment, else from the `gh` program. */
async function token(): Promise<string> {
  const given = [process.env['GITHUB_TOKEN'], process.env['GH_TOKEN']].find((one) => (one ?? '') !== '') ?? '';
  if (given !== '') return given;
  try {
    const { stdout } = await run('gh', ['auth', 'token']);
    return stdout.trim();
  } catch {
    throw new VezaError('missing-credentials', 'not set in the environment: GITHUB_TOKEN', {
      hint: 'Set it to a token that may read security events, or log in with `gh auth login`.',
    });
  }
}

/** `NAME` or `OWNER/NAME`: of letters, digits and `_.-`, and never a way up. */
function isRepository(name: string): boolean {
  const parts = name.split('/');
  return parts.length <= 2 && parts.every((part) => /^[\w.-]+$/.test(part) && !/^\.+$/.test(part));
}

/** `org/name` as it is; a name belongs to the owner of this folder's remote; nothing is that remote itself. */
async function repository(given: string | undefined): Promise<string> {
  if (given !== undefined && !isRepository(given)) {
    throw new VezaError('wrong-option', `"${given}" is no name of a repository`, {
      hint: 'Write OWNER/NAME, or NAME.',
    });
  }
  if (given?.includes('/')) return given;
  const remote = await originRepository();
  if (given === undefined) return remote;
  return `${remote.split('/')[0] ?? ''}/${given}`;
}

async function owner(given: string | undefined): Promise<string> {
  const name = given ?? (await originRepository());
  return name.split('/')[0] ?? '';
}

async function originRepository(): Promise<string> {
  try {
    const { stdout } = await run('git', ['remote', 'get-url', 'origin']);
    const found = repositoryOfUrl(stdout.trim());
    if (found !== null) return found;
  } catch {
    // There is no repository here: told below.
  }
  throw new VezaError('missing-option', 'this folder has no remote "origin" at GitHub', {
    hint: 'Name the repository with --repo OWNER/NAME.',
  });
}

/** `owner/name` of `git@github.com:owner/name.git`, `ssh://...` and `https://...`. */
function repositoryOfUrl(url: string): string | null {
  return /github\.com[:/]([^/\s]+\/[^/\s]+?)(?:\.git)?\/?$/.exec(url)?.[1] ?? null;
}
