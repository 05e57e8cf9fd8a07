// `veza-run prod backups show|plan|apply`: the backups of infra.yaml as systemd timers of their hosts.
import pc from 'picocolors';
import { calendarOf } from '../../infra/backups/calendar.ts';
import { backupJobs, type BackupJob } from '../../infra/backups/jobs.ts';
import { backupFiles, backupFolders, s3SecretsFile, timerOf } from '../../infra/backups/render.ts';
import type { Infra } from '../../infra/config/model.ts';
import { VezaError } from '../../lib/errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import { suggestion } from '../../lib/suggest.ts';
import { exitCodes } from '../exit-codes.ts';
import { print, printNote } from '../output.ts';
import { loadInfra } from '../prod/account.ts';
import { playsFor, runGenerated } from '../prod/generated-run.ts';
import { printJson } from '../prod/present.ts';

export interface BackupFlags {
  readonly config?: string;
  readonly json?: boolean;
}

/** The files that `apply` puts on hosts, for people to read. */
export function backupsShow(host: string | undefined, flags: BackupFlags): number {
  const { jobs } = jobsOf(loadInfra(flags.config), host);
  const files = jobs.flatMap((job) => backupFiles(job).map((file) => ({ host: job.host, ...file })));
  if (flags.json) printJson(files);
  else for (const file of files) print(`${pc.bold(`${file.host}:${file.path}`)}  ${file.mode}\n${file.content}\n`);
  return exitCodes.ok;
}

export async function backupsApply(flags: BackupFlags, dryRun: boolean): Promise<number> {
  const infra = loadInfra(flags.config);
  const { jobs } = jobsOf(infra, undefined);
  const hosts = [...infra.hosts.values()].filter(({ name }) => jobs.some(({ host }) => host === name));
  const plays = playsFor(hosts, { name: 'Backups', vars: varsOf(jobs), tasks: tasksOf(jobs) });
  return await runGenerated(infra, plays, { ...flags, dryRun });
}

function jobsOf(infra: Infra, host: string | undefined): { readonly jobs: readonly BackupJob[] } {
  if (host !== undefined && !infra.hosts.has(host)) {
    const hint = suggestion(host, infra.hosts.keys()) ?? `Hosts are: ${[...infra.hosts.keys()].join(', ')}.`;
    throw new VezaError('unknown-host', `there is no host "${host}"`, { hint });
  }
  const { jobs, unmanaged } = backupJobs(infra, calendarOf);
  for (const one of unmanaged) printNote(`${pc.yellow('not managed:')} ${one}\n`);
  if (jobs.length === 0) printNote(`${infra.file} has no backups that a host can make\n`);
  return { jobs: host === undefined ? jobs : jobs.filter((job) => job.host === host) };
}

function varsOf(jobs: readonly BackupJob[]): JsonObject {
  const byHost = Map.groupBy(jobs, ({ host }) => host);
  return {
    backup_files: Object.fromEntries(
      [...byHost].map(([host, own]) => [host, own.flatMap((job) => [...backupFiles(job)])]),
    ),
    backup_timers: Object.fromEntries([...byHost].map(([host, own]) => [host, own.map(timerOf)])),
    backup_to_s3: [...new Set(jobs.filter(({ destination }) => destination.kind === 's3').map(({ host }) => host))],
  };
}

const secretNames = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;

function tasksOf(jobs: readonly BackupJob[]): readonly JsonObject[] {
  const folder = (path: string, mode: string): JsonObject => ({
    name: `Folder ${path}`,
    file: { path, state: 'directory', mode, owner: 'root', group: 'root' },
  });
  return [
    folder(backupFolders.scripts, '0755'),
    folder(backupFolders.secrets, '0700'),
    ...(jobs.some(({ destination }) => destination.kind === 's3') ? secretsTask() : []),
    {
      name: 'Scripts and units',
      copy: {
        dest: '{{ item.path }}',
        content: '{{ item.content }}',
        mode: '{{ item.mode }}',
        owner: 'root',
        group: 'root',
      },
      loop: '{{ backup_files[inventory_hostname] }}',
      loop_control: { label: '{{ item.path }}' },
    },
    {
      name: 'Timers',
      systemd_service: { name: '{{ item }}', enabled: true, state: 'started', daemon_reload: true },
      loop: '{{ backup_timers[inventory_hostname] }}',
    },
  ];
}

/** The credentials go from our environment into a file that only root reads; where they are not set, that file is left as it is. */
function secretsTask(): readonly JsonObject[] {
  const missing = secretNames.filter((name) => (process.env[name] ?? '') === '');
  if (missing.length > 0) {
    printNote(
      `${pc.yellow('not managed:')} ${s3SecretsFile}: not set in the environment: ${missing.join(', ')}; what the hosts have is kept\n`,
    );
    return [];
  }
  const content = secretNames.map((name) => `${name}={{ lookup('env', '${name}') }}\n`).join('');
  return [
    {
      name: 'Credentials of s3',
      copy: { dest: s3SecretsFile, content, mode: '0600', owner: 'root', group: 'root' },
      no_log: true,
      when: 'inventory_hostname in backup_to_s3',
    },
  ];
}
