// A backup job as files of its host: the script that makes it, a hardened service, a timer. Secrets are only named. Pure.
import { quote } from '../../lib/shell.ts';
import type { BackupJob, BackupKind } from './jobs.ts';

/** `mode` is octal, as text. */
export type RenderedFile = Readonly<Record<'path' | 'mode' | 'content', string>>;

export const backupFolders = { scripts: '/usr/local/lib/veza-backup', secrets: '/etc/veza-backup' } as const;
/** Holds AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; mode 0600. */
export const s3SecretsFile = `${backupFolders.secrets}/s3.env`;

const mark = '# Made by veza-run from infra.yaml: what is changed here is lost.';

export function timerOf({ name }: Pick<BackupJob, 'name'>): string {
  return `veza-backup-${name}.timer`;
}

export function backupFiles(job: BackupJob): readonly RenderedFile[] {
  const unit = `/etc/systemd/system/veza-backup-${job.name}`;
  return [
    { path: scriptOf(job), mode: '0755', content: script(job) },
    { path: `${unit}.service`, mode: '0644', content: service(job) },
    { path: `${unit}.timer`, mode: '0644', content: timer(job) },
  ];
}

function scriptOf({ name }: BackupJob): string {
  return `${backupFolders.scripts}/${name}`;
}

/** One command each, so that the failure of any ends the script. They write to "$file". */
const makers: Readonly<Record<BackupKind, (job: BackupJob) => { readonly suffix: string; readonly command: string }>> =
  {
    mariabackup: () => ({
      suffix: 'xb',
      command: 'mariabackup --backup --stream=xbstream --target-dir="$work" > "$file"',
    }),
    mysqldump: () => ({
      suffix: 'sql',
      command: 'mysqldump --all-databases --single-transaction --routines --events > "$file"',
    }),
    postgresql: () => ({ suffix: 'sql', command: 'runuser -u postgres -- pg_dumpall > "$file"' }),
    redis: () => ({ suffix: 'rdb', command: 'redis-cli --rdb "$file" > /dev/null' }),
    tar: ({ paths }) => ({
      suffix: 'tar',
      command: `tar --create --file "$file" --directory / -- ${paths.map((path) => quote(path.replace(/^\/+/, ''))).join(' ')}`,
    }),
  };

function script(job: BackupJob): string {
  const { suffix, command } = makers[job.kind](job);
  return `#!/bin/sh
${mark}
set -eu
umask 077
work=$(mktemp -d "$CACHE_DIRECTORY/XXXXXX")
trap 'rm -rf "$work"' EXIT
file="$work/$(hostname)-$(date -u +%Y%m%dT%H%M%SZ).${suffix}"
${command}
gzip "$file"
${deliver(job)}
`;
}

function deliver({ name, destination }: BackupJob): string {
  if (destination.kind === 'folder') {
    const folder = quote(`${destination.path.replace(/\/+$/, '')}/${name}`);
    return `mkdir -p ${folder}\nmv "$file.gz" ${folder}/`;
  }
  const { endpoint, bucket, prefix } = destination;
  const place = quote(`s3://${bucket}/${prefix.replace(/\/*$/, '/')}`);
  return `aws s3 cp --only-show-errors --endpoint-url ${quote(endpoint)} "$file.gz" ${place}`;
}

/** root reads what is to be kept; it may write nowhere but to its cache, its destination, and the network where it needs that. */
function service(job: BackupJob): string {
  const { destination, kind } = job;
  const network = destination.kind === 's3' ? ' AF_INET AF_INET6' : kind === 'tar' ? '' : ' AF_INET AF_INET6';
  const switching = kind === 'postgresql' ? ' CAP_SETUID CAP_SETGID' : '';
  const lines = [
    mark,
    '[Unit]',
    `Description=Backup ${job.name} (${kind})`,
    ...(destination.kind === 's3' ? ['Wants=network-online.target', 'After=network-online.target'] : []),
    '',
    '[Service]',
    'Type=oneshot',
    `ExecStart=${scriptOf(job)}`,
    ...(destination.kind === 's3' ? [`EnvironmentFile=${s3SecretsFile}`] : [`ReadWritePaths=${destination.path}`]),
    'CacheDirectory=veza-backup',
    'CacheDirectoryMode=0700',
    'UMask=0077',
    'Nice=10',
    'IOSchedulingClass=idle',
    'NoNewPrivileges=yes',
    `CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_DAC_OVERRIDE${switching}`,
    'ProtectSystem=strict',
    'ProtectHome=read-only',
    'PrivateTmp=yes',
    'PrivateDevices=yes',
    'ProtectKernelTunables=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelLogs=yes',
    'ProtectControlGroups=yes',
    'ProtectClock=yes',
    'ProtectHostname=yes',
    `RestrictAddressFamilies=AF_UNIX${network}`,
    'RestrictNamespaces=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'LockPersonality=yes',
    'SystemCallArchitectures=native',
  ];
  return `${lines.join('\n')}\n`;
}

function timer({ name, calendar }: BackupJob): string {
  return `${mark}
[Unit]
Description=Backup ${name}

[Timer]
${calendar.map((one) => `OnCalendar=${one}`).join('\n')}
RandomizedDelaySec=10m
Persistent=yes

[Install]
WantedBy=timers.target
`;
}
