// Units, scripts and environments made from infra.yaml: golden files, read by systemd's own programs where they are there.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { calendarOf, scheduleProblem } from '../../src/infra/backups/calendar.ts';
import { backupJobs } from '../../src/infra/backups/jobs.ts';
import { backupFiles } from '../../src/infra/backups/render.ts';
import { renderService } from '../../src/infra/services/render.ts';
import { expectGolden } from '../support/golden.ts';
import { fixture, infraOf } from './support/account.ts';

const folder = mkdtempSync(join(tmpdir(), 'veza-rendered-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const golden = (name: string) => join(import.meta.dirname, 'rendered', name);
const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;

const backups = infraOf(`hosts:
  de: { ip: 192.0.2.21, type: hrobot }
  de2: { ip: 192.0.2.22, type: hrobot }
s3: { endpoint: https://s3.example.net, buckets: { archive: { paths: [galera/] }, other: { purpose: backups } } }
database: { engine: postgresql, nodes: [{ host: de2, port: 5432 }], backup: { schedule: '30 2 * * 1-5', destination: /srv/backup } }
backups:
  daily:
    - { name: galera, type: mariabackup, destination: s3, hosts: [de, de2] }
  weekly:
    - { name: "files", type: tar, destination: /srv/backup, hosts: [de], paths: [/etc, "/srv/it's here"] }
`);

const services = infraOf(`hosts: { de: { ip: 192.0.2.21, type: hrobot } }
services:
  shop: { type: postgresql, host: de, username: app, database_name: shop, version: 16, exposed_ports: [15432:5432], domain: { domain: db.example.com, allowed_cidrs: [10.0.0.0/8] } }
  cache: { type: redis, host: de }
  papers: { type: mongodb, host: de, use_latest_version: true, variables: { GLIBC_TUNABLES: 50% $x }, volumes: [{ name: extra, container_path: /extra, read_only: true, driver: local, driver_opts: { type: tmpfs, device: tmpfs } }] }
  old: { type: mysql, host: de, username: app }
  wiki: { type: mariadb, host: de, volumes: [{ name: wiki-data, container_path: /var/lib/mysql }] }
`);

const backupText = () =>
  backupJobs(backups, calendarOf)
    .jobs.flatMap((job) =>
      backupFiles(job).map(({ path, mode, content }) => `==> ${job.host}:${path} ${mode}\n${content}`),
    )
    .join('\n');

const rendered = [...services.services].map(([name, config]) => renderService(name, config));

describe('backups', () => {
  it('are scripts, services and timers', () => {
    expectGolden(golden('backups.txt'), backupText());
  });

  it('says why a job is not one of a host', () => {
    expect(backupJobs(infraOf(fixture), calendarOf).unmanaged).toEqual([
      'backups.daily coolify: say with `paths` what is to be kept',
      'backups.daily certs: say with `paths` what is to be kept',
      'backups.weekly snapshots: a snapshot is made by Hetzner Cloud, not by the host',
    ]);
    const { jobs } = backupJobs(infraOf(fixture), calendarOf);
    expect(
      jobs.map(({ name, host, destination }) => [name, host, destination.kind === 's3' && destination.bucket]),
    ).toEqual([
      ['galera', 'de', 'backups'],
      ['database', 'de', 'backups'],
    ]);
  });

  it.each([
    ['0 3 * * *', ['*-*-* 3:0:00']],
    ['*/15 8-18 * * 1-5', ['Mon,Tue,Wed,Thu,Fri *-*-* 8..18:0/15:00']],
    ['30 2 1,15 */2 *', ['*-1/2-1,15 2:30:00']],
    ['0 0 13 * 5', ['*-*-13 0:0:00', 'Fri *-*-* 0:0:00']],
    ['10-50/20 */6 * * 0,7', ['Sun *-*-* 0/6:10,30,50:00']],
  ])('cron %s', (cron, expressions) => {
    expect(scheduleProblem(cron)).toBeNull();
    expect(calendarOf(cron)).toEqual(expressions);
    if (!hasAnalyze) return;
    for (const one of expressions) execFileSync('systemd-analyze', ['calendar', one], { stdio: 'ignore' });
  });

  it.each([
    ['daily', 'it has not the five fields of cron'],
    ['60 3 * * *', '"60" is no minute (0 to 59)'],
    ['0 3 0 * *', '"0" is no day of the month (1 to 31)'],
    ['0 18-8 * * *', '"18-8" goes backwards'],
    ['0 3 * * */0', '"*/0" is no day of the week'],
    ['0 3 * jan *', '"jan" is no month'],
  ])('cron %s is refused', (cron, problem) => {
    expect(scheduleProblem(cron)).toBe(problem);
  });

  it('a script keeps what it is told to keep, whatever its name', () => {
    const source = join(folder, "it's here");
    mkdirSync(source);
    writeFileSync(join(source, 'a'), 'kept\n');
    const place = join(folder, 'kept');
    const cache = join(folder, 'cache');
    mkdirSync(cache);
    const file = (path: string) =>
      `hosts: { de: { ip: 192.0.2.1, type: hrobot } }\nbackups: { daily: [{ name: files, type: tar, destination: ${place}, hosts: [de], paths: ["${path}"] }] }\n`;
    const script = (path: string) =>
      backupJobs(infraOf(file(path)), calendarOf).jobs.flatMap((job) => backupFiles(job))[0]?.content ?? '';
    const run = (text: string) => {
      writeFileSync(join(folder, 'script'), text);
      chmodSync(join(folder, 'script'), 0o700);
      return spawnSync(join(folder, 'script'), {
        env: { PATH: process.env['PATH'], CACHE_DIRECTORY: cache },
        encoding: 'utf8',
      });
    };
    expect(run(script(source))).toMatchObject({ status: 0, stderr: '' });
    const [archive = ''] = readdirSync(join(place, 'files'));
    expect(archive).toMatch(/\.tar\.gz$/);
    expect(execFileSync('tar', ['-xOzf', join(place, 'files', archive)], { encoding: 'utf8' })).toBe('kept\n');
    // A failure leaves nothing that looks like a backup, and nothing else.
    expect(run(script(`${source}/none`)).status).not.toBe(0);
    expect(readdirSync(join(place, 'files'))).toHaveLength(1);
    expect(readdirSync(cache)).toEqual([]);
  });
});

describe('data services', () => {
  it('are environments and units, without passwords', () => {
    const text = rendered.map(
      ({ unitFile, unitText, environment, secretNames }) =>
        `==> ${unitFile}\nsecret: ${secretNames.join(', ')}\nenvironment:\n${environment}${unitText}`,
    );
    expectGolden(golden('services.txt'), text.join('\n'));
  });
});

it.skipIf(!hasAnalyze)('systemd understands every unit', () => {
  const files = [
    ...backupJobs(backups, calendarOf).jobs.flatMap((job) => backupFiles(job)),
    ...rendered.map(({ unitFile: path, unitText: content }) => ({ path, content })),
  ];
  const units = files.filter(({ path }) => path.startsWith('/etc/systemd/system/'));
  for (const { path, content } of units)
    // Its script is not on this machine.
    writeFileSync(join(folder, basename(path)), content.replace(/^ExecStart=\/usr\/local.*$/m, 'ExecStart=/bin/true'));
  writeFileSync(join(folder, 'docker.service'), '[Service]\nExecStart=/bin/true\n');
  const paths = [...new Set(units.map(({ path }) => join(folder, basename(path))))];
  const { stderr, status } = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], {
    encoding: 'utf8',
    env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` },
  });
  expect([status, stderr.split('\n').filter((line) => line.includes('veza-'))]).toEqual([0, []]);
});
