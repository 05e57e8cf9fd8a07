// `veza-run monitor` as a program, on a fake of GitHub.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeGitHub, type FakeRepository } from '../../../src/infra/fakes/github.ts';
import type { FakeService } from '../../../src/infra/fakes/server.ts';
import { vezaRun } from '../../support/cli.ts';

const token = 'github-token-of-the-test';
const folder = mkdtempSync(join(tmpdir(), 'veza-monitor-'));
let gitHub: FakeService;

function scanned(index: number, level: string, severity = 'error', state = 'open') {
  return {
    number: index,
    state,
    html_url: `https://github.com/acme/web/security/code-scanning/${index}`,
    created_at: '2026-01-01T00:00:00Z',
    rule: { id: 'js/xss', severity, ...(level !== '' && { security_severity_level: level }) },
    most_recent_instance: {
      message: { text: `finding ${index} ${'ä'.repeat(80)}` },
      location: { path: 'src/a.ts', start_line: index },
    },
  };
}

const dependency = {
  state: 'open',
  html_url: 'https://github.com/acme/web/security/dependabot/1',
  created_at: '2026-01-02T00:00:00Z',
  security_advisory: {
    severity: 'moderate',
    cve_id: 'CVE-2026-1',
    ghsa_id: 'GHSA-1',
    summary: 'prototype \u001b[31mpollution',
  },
  dependency: { package: { name: 'lodash' }, manifest_path: 'package-lock.json' },
};
const secret = {
  state: 'open',
  html_url: 'https://github.com/acme/web/security/secret-scanning/1',
  created_at: '2026-01-03T00:00:00Z',
  secret_type: 'aws_key',
  secret_type_display_name: 'AWS key',
};
const off: FakeRepository = { alerts: { 'code-scanning': null, dependabot: null, 'secret-scanning': null } };

beforeAll(async () => {
  gitHub = await startFakeGitHub({
    token,
    people: ['jane'],
    repositories: {
      'acme/web': {
        alerts: {
          'code-scanning': [
            scanned(1, 'low'),
            scanned(2, 'high', 'note'),
            scanned(3, 'critical', 'error', 'dismissed'),
          ],
          dependabot: [dependency],
          'secret-scanning': [secret],
        },
      },
      'acme/quiet': { alerts: { 'code-scanning': [], dependabot: [], 'secret-scanning': [] } },
      'acme/off': off,
      'acme/many': {
        alerts: {
          ...off.alerts,
          'code-scanning': Array.from({ length: 230 }, (_, index) => scanned(index + 1, 'low')),
        },
      },
      'jane/own': { alerts: { 'code-scanning': [scanned(9, 'medium')], dependabot: [], 'secret-scanning': [] } },
    },
  });
  execFileSync('git', ['init', '-q', folder]);
  execFileSync('git', ['-C', folder, 'remote', 'add', 'origin', 'git@github.com:acme/web.git']);
});

afterAll(async () => {
  await gitHub.close();
  rmSync(folder, { recursive: true, force: true });
});

async function monitor(words = '', environment: Readonly<Record<string, string>> = {}) {
  const given = { GITHUB_API_URL: gitHub.url, GITHUB_TOKEN: token, GH_TOKEN: '', ...environment };
  const result = await vezaRun(['monitor', ...words.split(' ').filter(Boolean)], given, folder);
  expect(result.stdout + result.stderr).not.toContain('of-the-test');
  return result;
}

interface Told {
  readonly findings: readonly {
    readonly severity: string;
    readonly source: string;
    readonly repo: string;
    readonly rule: string;
  }[];
  readonly errors: readonly string[];
  readonly disabled: readonly string[];
}

const told = async (words: string) => JSON.parse((await monitor(`${words} --json`)).stdout) as Told;

describe('monitor', () => {
  it('lists open alerts of all scanners of the remote of this folder, worst first', async () => {
    const { exitCode, stdout } = await monitor();
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`4 findings: 1 critical, 1 high, 1 medium, 1 low

acme/web
  [critical] secret-scanning: Exposed AWS key detected
  [high] code-scanning: finding 2 ${'ä'.repeat(47)}... (src/a.ts:2)
  [medium] dependabot: lodash: prototype \\x1b[31mpollution (package-lock.json)
  [low] code-scanning: finding 1 ${'ä'.repeat(47)}... (src/a.ts:1)
`);
  });

  it('fails where a finding is as bad as it is told', async () => {
    expect((await monitor('--fail-on critical')).exitCode).toBe(1);
    expect((await monitor('--repo acme/many --fail-on medium')).exitCode).toBe(0);
    expect((await monitor('--repo acme/many --fail-on low')).exitCode).toBe(1);
  });

  it('asks for every page', async () => {
    expect((await told('--repo acme/many')).findings).toHaveLength(230);
  });

  it('shows only the severities that are asked for', async () => {
    const { findings } = await told('--severity high,critical');
    expect(findings.map(({ severity }) => severity)).toEqual(['critical', 'high']);
  });

  it('nothing is an empty list, with what is not switched on', async () => {
    expect(await told('-r quiet')).toEqual({ findings: [], errors: [], disabled: [] });
    const { disabled, errors } = await told('-r off');
    expect([disabled, errors]).toEqual([
      ['acme/off: code-scanning', 'acme/off: dependabot', 'acme/off: secret-scanning'],
      [],
    ]);
  });

  it('a wrong name is an error, not a clean repository', async () => {
    const { exitCode, stdout, stderr } = await monitor('-r acme/wbe');
    expect(exitCode).toBe(3);
    expect(stdout).toContain('0 findings');
    expect(stderr).toContain('warning: acme/wbe: GitHub API: HTTP 404: Not Found');
    expect((await told('-r acme/wbe')).errors).toEqual([expect.stringContaining('acme/wbe')]);
  });

  it('asks for all repositories of an organisation or a person', async () => {
    const { findings } = await told('--all');
    expect(new Set(findings.map(({ repo }) => repo))).toEqual(new Set(['acme/web', 'acme/many']));
    expect((await told('--all --repo jane')).findings).toMatchObject([{ repo: 'jane/own', severity: 'medium' }]);
  });

  it('a wrong token is told with its exit code', async () => {
    const { exitCode, stderr } = await monitor('--all', { GITHUB_TOKEN: 'wrong-token-of-the-test' });
    expect([exitCode, stderr]).toEqual([3, expect.stringContaining('Check GITHUB_TOKEN')]);
  });

  it('no token, no remote, no such severity: what to do', async () => {
    const none = await monitor('', { GITHUB_TOKEN: '', PATH: '/usr/bin:/bin' });
    expect([none.exitCode, none.stderr]).toEqual([
      1,
      expect.stringContaining('not set in the environment: GITHUB_TOKEN'),
    ]);
    const severity = await monitor('--fail-on hihg');
    expect([severity.exitCode, severity.stderr]).toEqual([1, expect.stringContaining('Did you mean "high"?')]);
    const nowhere = await vezaRun(
      ['monitor'],
      { GITHUB_TOKEN: token, GITHUB_API_URL: gitHub.url, GIT_DIR: join(folder, 'none') },
      folder,
    );
    expect([nowhere.exitCode, nowhere.stderr]).toEqual([1, expect.stringContaining('--repo OWNER/NAME')]);
  });

  it('says that it was not done in time', async () => {
    gitHub.fail({ matches: () => true, times: 1, how: 'hang' });
    const { exitCode, stderr } = await monitor('-r acme/quiet --timeout 1');
    expect([exitCode, stderr]).toEqual([124, expect.stringContaining('monitor was not done within 1 s')]);
  });
});
