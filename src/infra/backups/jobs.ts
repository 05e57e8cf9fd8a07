// The backups of infra.yaml as jobs of hosts, and those that no host can do by itself, with the reason. Pure.
import type { BackupConfig, Infra } from '../config/model.ts';

export interface BackupJob {
  readonly name: string;
  readonly kind: BackupKind;
  readonly host: string;
  /** Expressions for OnCalendar=. */
  readonly calendar: readonly string[];
  readonly destination: Destination;
  /** tar only. */
  readonly paths: readonly string[];
}

const backupKinds = ['mariabackup', 'mysqldump', 'postgresql', 'redis', 'tar'] as const;
export type BackupKind = (typeof backupKinds)[number];

export type Destination =
  | { readonly kind: 's3'; readonly endpoint: string; readonly bucket: string; readonly prefix: string }
  | { readonly kind: 'folder'; readonly path: string };

export interface BackupJobs {
  readonly jobs: readonly BackupJob[];
  /** `backups.daily coolify: ...`. */
  readonly unmanaged: readonly string[];
}

/** In the middle of the night; the timers add some minutes by chance, so that hosts do not begin together. */
const daily = '*-*-* 03:00:00';
const weekly = 'Sun *-*-* 04:00:00';

/** `calendarOf` reads the schedule of the database section. */
export function backupJobs(infra: Infra, calendarOf: (schedule: string) => readonly string[]): BackupJobs {
  const jobs: BackupJob[] = [];
  const unmanaged: string[] = [];
  const add = (place: string, { name, type, hosts, paths, ...config }: Declared, calendar: readonly string[]) => {
    const kind = backupKinds.find((one) => one === type);
    const destination = destinationOf(infra, name, config);
    const problem = problemOf(kind, { type, paths, hosts }, destination);
    if (kind === undefined || typeof destination === 'string' || problem !== null) {
      unmanaged.push(`${place}: ${problem ?? 'unknown'}`);
      return;
    }
    for (const host of hosts) jobs.push({ name, kind, host, calendar, destination, paths });
  };
  for (const one of infra.backups?.daily ?? []) add(`backups.daily ${one.name}`, one, [daily]);
  for (const one of infra.backups?.weekly ?? []) add(`backups.weekly ${one.name}`, one, [weekly]);
  const backup = infra.database?.backup;
  if (infra.database && backup) {
    const [first] = infra.database.nodes;
    const declared: Declared = {
      ...backup,
      name: 'database',
      type: kindsOfEngines[infra.database.engine] ?? infra.database.engine,
      // All nodes of a cluster hold the same.
      hosts: first ? [first.host] : [],
      paths: [],
    };
    add('database.backup', declared, calendarOf(backup.schedule));
  }
  return { jobs, unmanaged };
}

interface Declared extends BackupConfig {
  readonly bucket?: string;
  readonly prefix?: string;
}

const kindsOfEngines: Readonly<Record<string, BackupKind>> = {
  mariadb: 'mariabackup',
  mysql: 'mysqldump',
  postgresql: 'postgresql',
  redis: 'redis',
};

/** Where it goes, or why that is not known. */
function destinationOf(
  infra: Infra,
  name: string,
  { destination = '', bucket, prefix }: Pick<Declared, 'destination' | 'bucket' | 'prefix'>,
): Destination | string {
  if (destination.startsWith('/')) return { kind: 'folder', path: destination };
  if (destination !== 's3') return `its destination "${destination}" is neither s3 nor a folder`;
  if (!infra.s3) return 'there is no s3 section that says where';
  const folder = `${name}/`;
  const found =
    bucket ?? [...infra.s3.buckets].find(([, { paths }]) => paths.includes(folder))?.[0] ?? onlyBucket(infra.s3);
  if (found === undefined) return `no bucket of s3.buckets has "${folder}" among its paths`;
  return { kind: 's3', endpoint: infra.s3.endpoint, bucket: found, prefix: prefix ?? folder };
}

function onlyBucket({ buckets }: NonNullable<Infra['s3']>): string | undefined {
  const backups = [...buckets].filter(([, { purpose }]) => purpose === 'backups');
  return backups.length === 1 ? backups[0]?.[0] : undefined;
}

function problemOf(
  kind: BackupKind | undefined,
  { type, paths, hosts }: Pick<Declared, 'type' | 'paths' | 'hosts'>,
  destination: Destination | string,
): string | null {
  if (type === 'hcloud-snapshot') return 'a snapshot is made by Hetzner Cloud, not by the host';
  if (kind === undefined) return `no host knows backups of type "${type}" (it knows ${backupKinds.join(', ')})`;
  if (hosts.length === 0) return 'it names no host';
  if (kind === 'tar' && paths.length === 0) return 'say with `paths` what is to be kept';
  return typeof destination === 'string' ? destination : null;
}
