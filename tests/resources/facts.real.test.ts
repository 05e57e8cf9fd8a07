// Gathers the facts of this machine with real shells, with GNU's tools and with BusyBox's alone.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, totalmem, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/lib/json.ts';
import { facts, type FactsState } from '../../src/resources/facts.ts';
import { chosenSubsets, factNames } from '../../src/resources/facts/subsets.ts';
import { look, runScript, shells, type Shell } from './real.ts';

const folder = mkdtempSync(join(tmpdir(), "vz facts'"));
const id = { subsets: chosenSubsets([]), factPath: folder, timeoutSeconds: 10 };

beforeAll(() => {
  writeFileSync(join(folder, 'static one.fact'), '{"n": 1}');
  writeFileSync(join(folder, 'asked.fact'), '#!/bin/sh\necho "{\\"who\\": \\"$(id -u)\\"}"\n');
  chmodSync(join(folder, 'asked.fact'), 0o755);
  writeFileSync(join(folder, 'fails.fact'), '#!/bin/sh\nexit 3\n');
  chmodSync(join(folder, 'fails.fact'), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(Object.keys(shells) as Shell[])('facts of this machine, asked by %s', (shell) => {
  let found: JsonObject = {};
  beforeAll(() => void (found = (look(facts, id, shell) as FactsState).facts));

  it('tell what is known otherwise', () => {
    expect(found).toMatchObject({
      system: 'Linux',
      nodename: hostname(),
      hostname: hostname().split('.')[0],
      user_id: userInfo().username,
      user_uid: userInfo().uid,
      effective_user_id: userInfo().uid,
      user_dir: userInfo().homedir,
      memtotal_mb: Math.floor(totalmem() / 1024 ** 2),
    });
    expect(Number(found['processor_vcpus'])).toBeGreaterThan(0);
    expect(found['interfaces']).toContain('lo');
    expect(found['lo']).toMatchObject({ type: 'loopback', mtu: 65536, ipv4: { address: '127.0.0.1', prefix: '8' } });
    const [root] = (found['mounts'] as readonly JsonObject[]).filter(({ mount }) => mount === '/');
    expect(Number(root?.['size_total'])).toBeGreaterThan(Number(root?.['size_available']));
    expect(found['env']).toHaveProperty('PATH');
    expect(Math.abs(Number((found['date_time'] as JsonObject)['epoch']) - Date.now() / 1000)).toBeLessThan(60);
  });

  it('hold local facts, static and asked for', () => {
    expect(found['local']).toEqual({
      asked: { who: String(userInfo().uid) },
      'static one': { n: 1 },
      fails: `Failure executing fact script (${folder}/fails.fact), rc: 3`,
    });
  });

  it('bear the names that the play may ask for', () => {
    const unknown = Object.keys(found).filter((name) => !factNames.mayBe(name.replaceAll('-', '_')));
    // Interfaces may be called anything; these are not.
    expect(unknown.filter((name) => !(found['interfaces'] as readonly string[]).includes(name))).toEqual([]);
  });

  it('are looked at by a program that only reads', () => {
    const text = facts.probe([id]).text;
    const [program = '', ...args] = shells[shell];
    expect(spawnSync(program, [...args, '-n'], { input: text, encoding: 'utf8' })).toMatchObject({ status: 0 });
    // The only redirections: away with what is not wanted.
    expect(text.replace(/[12]?>\s*\/dev\/null|2?>&1/g, '')).not.toContain('>');
    expect(text).not.toMatch(/\b(?:rm|mv|cp|ln|mkdir|chmod|chown|touch|tee|dd|mktemp|install|kill|sysctl)\s/);
    const traced = runScript(facts.probe([id]), shell);
    expect(traced).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

it('a process that writes would be seen: the look opens no file for writing', () => {
  const text = facts.probe([{ ...id, factPath: '/nowhere' }]).text;
  const done = spawnSync(
    'strace',
    ['-f', '-e', 'trace=openat,unlink,rename,mkdir', '-o', '/dev/stdout', 'dash', '-c', text],
    {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 ** 2,
    },
  );
  if (done.error) return; // no strace here
  const writes = done.stdout
    .split('\n')
    .filter((line) => /O_(?:WRONLY|RDWR|CREAT)|unlink\(|rename\(|mkdir\(/.test(line));
  expect(writes.filter((line) => !/"\/dev\/(?:null|tty)"/.test(line))).toEqual([]);
});
