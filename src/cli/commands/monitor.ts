// `veza-run monitor`: open security alerts of GitHub repositories.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pc from 'picocolors';
import PQueue from 'p-queue';
import { inOrder, severities, shortened, sources, type Finding, type Severity } from '../../infra/monitor/findings.ts';
import { GitHub } from '../../infra/monitor/github.ts';
import { messageOf, VezaError } from '../../lib/errors.ts';
import { createRedactor } from '../../lib/redact.ts';
import { nearestName } from '../../lib/suggest.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../output.ts';
import { apiClock } from '../prod/account.ts';

export interface MonitorFlags {
  readonly repo?: string;
  readonly severity?: readonly string[];
  readonly json?: boolean;
  readonly all?: boolean;
  readonly failOn?: string;
}

const concurrency = 6;
const run = promisify(execFile);

/** Exit code 1 where a finding is as bad as --fail-on, 3 where something could not be asked. */
export async function monitor(flags: MonitorFlags): Promise<number> {
  const wanted = (flags.severity ?? []).map(severityOf);
  const limit = flags.failOn === undefined ? null : severityOf(flags.failOn);
  const redactor = createRedactor();
  const baseUrl = process.env['GITHUB_API_URL'];
  const gitHub = new GitHub({
    token: await token(),
    clock: apiClock,
    redactor,
    ...(baseUrl !== undefined && { baseUrl }),
  });
  const repos = flags.all ? await gitHub.repositories(await owner(flags.repo)) : [await repository(flags.repo)];
  const { findings, errors, disabled } = await collect(gitHub, repos);
  const shown = inOrder(findings.filter(({ severity }) => wanted.length === 0 || wanted.includes(severity)));
  if (flags.json) print(`${JSON.stringify({ findings: shown, errors, disabled }, null, 2)}\n`);
  else printFindings(shown, errors, disabled);
  const bad =
    limit !== null && findings.some(({ severity }) => severities.indexOf(severity) <= severities.indexOf(limit));
  if (bad) return exitCodes.usage;
  return errors.length > 0 ? exitCodes.taskFailed : exitCodes.ok;
}

interface Collected {
  readonly findings: readonly Finding[];
  readonly errors: readonly string[];
  readonly disabled: readonly string[];
}

async function collect(gitHub: GitHub, repos: readonly string[]): Promise<Collected> {
  const queue = new PQueue({ concurrency });
  const findings: Finding[] = [];
  const errors: string[] = [];
  const disabled: string[] = [];
  const ask = async (repo: string) => {
    try {
      // A scanner that is off and a name that is wrong can get the same answer: this one tells them apart.
      await queue.add(() => gitHub.repository(repo));
    } catch (error) {
      errors.push(`${repo}: ${messageOf(error)}`);
      return;
    }
    const answers = await Promise.all(sources.map((source) => queue.add(() => gitHub.alerts(repo, source))));
    for (const [index, answer] of answers.entries()) {
      const source = sources[index] ?? '';
      if ('findings' in answer) findings.push(...answer.findings);
      else if ('disabled' in answer) disabled.push(`${repo}: ${source}`);
      else errors.push(`${repo}: ${source}: ${answer.error}`);
    }
  };
  await Promise.all(repos.map(ask));
  return { findings, errors: errors.toSorted(), disabled: disabled.toSorted() };
}

function printFindings(findings: readonly Finding[], errors: readonly string[], disabled: readonly string[]): void {
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
  if (disabled.length > 0) print(pc.dim(`\nnot switched on: ${disabled.join(', ')}\n`));
  for (const error of errors) process.stderr.write(`${pc.yellow(`warning: ${error}`)}\n`);
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
  const near = nearestName(word, severities);
  throw new VezaError('wrong-option', `there is no severity "${word}"`, {
    hint: near === null ? `Severities are: ${severities.join(', ')}.` : `Did you mean "${near}"?`,
  });
}

/** From the environment, else from the `gh` program. */
async function token(): Promise<string> {
  const given = process.env['GITHUB_TOKEN'] ?? process.env['GH_TOKEN'] ?? '';
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

/** `org/name` as it is; a name belongs to the owner of this folder's remote; nothing is that remote itself. */
async function repository(given: string | undefined): Promise<string> {
  if (given?.includes('/')) return given;
  const remote = await originRepository();
  if (given === undefined) return remote;
  return `${remote.split('/')[0] ?? ''}/${given}`;
}

async function owner(given: string | undefined): Promise<string> {
  const name = given?.includes('/') ? given : await originRepository();
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
export function repositoryOfUrl(url: string): string | null {
  return /github\.com[:/]([^/\s]+\/[^/\s]+?)(?:\.git)?\/?$/.exec(url)?.[1] ?? null;
}
