// Becoming another user: the dialogue with sudo, played by a small program that behaves like it, and once with the real one.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalTransport } from '../../src/adapters/local/transport.ts';
import { createSshTransport } from '../../src/adapters/ssh/transport.ts';
import type { Identity, Session } from '../../src/engine/ports.ts';
import { runSteps, step } from '../contracts/transport/host-under-test.ts';
import { type TestServer, startServer } from './support/ssh-server.ts';

/** Asks like sudo: -n refuses, -S reads the password from standard input, three tries; SUDO_MODE is what the "host" allows. */
const fakeSudo = `#!/bin/sh
echo "$0 $*" >>"$SUDO_LOG"
prompt= ; asks=
while :; do case $1 in -n) shift;; -S) asks=1; shift;; -p) prompt=$2; shift 2;; -H) shift;; -u) user=$2; shift 2;; *) break;; esac; done
case $user in
  refused) echo "tester is not in the sudoers file." >&2; exit 1;;
  unlisted) printf %s "$prompt" >&2; read -r password; echo "tester is not in the sudoers file." >&2; exit 1;;
  nobody-there) echo "sudo: unknown user nobody-there" >&2; echo "sudo: error initializing audit plugin" >&2; exit 1;;
  free) exec env WHO=$user "$@";;
esac
[ "$asks" ] || { echo "sudo: a password is required" >&2; exit 1; }
for try in 1 2 3; do
  printf %s "$prompt" >&2
  read -r password || exit 1
  [ "$password" = "pass word'" ] && exec env WHO=$user "$@"
  echo "Sorry, try again." >&2
done
exit 1
`;

describe('sudo', () => {
  let server: TestServer;
  let session: Session;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'veza-sudo-'));
    writeFileSync(join(folder, 'sudo'), fakeSudo);
    chmodSync(join(folder, 'sudo'), 0o755);
    server = await startServer({
      environment: { PATH: `${folder}:${process.env.PATH ?? ''}`, SUDO_LOG: join(folder, 'log') },
    });
    session = await createSshTransport({ defaultKeys: [] }).connect(server.host);
  });
  afterAll(async () => {
    await session[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });
  const as = (identity: Partial<Identity>, text = 'echo "$WHO"', stdin?: Uint8Array) =>
    runSteps(session, [step(text, stdin ? { stdin } : {})], {
      identity: { user: 'root', method: 'sudo', ...identity },
    });

  it('needs no password where none is asked for, even if there is one', async () => {
    expect((await as({ user: 'free' }))[0]?.stdout).toBe('free\n');
    await using other = await createSshTransport({ defaultKeys: [] }).connect(server.host);
    const identity: Identity = { user: 'free', method: 'sudo', password: 'exit 9' };
    expect((await runSteps(other, [step('echo "$WHO"')], { identity }))[0]?.stdout).toBe('free\n');
  });

  it('gives the password when asked, and never in argv', async () => {
    const identity = { user: 'asked', password: "pass word'" };
    expect((await as(identity))[0]?.stdout).toBe('asked\n');
    expect((await as(identity, 'cat; echo "$WHO"', Buffer.from('in ')))[0]?.stdout).toBe('in asked\n');
    expect(readFileSync(join(folder, 'log'), 'utf8')).not.toContain('pass word');
    expect(server.commands.join('\n')).not.toContain('pass word');
  });

  it('keeps script texts out of argv', async () => {
    await as({ user: 'free' }, 'echo very-secret; cat', Buffer.from('also-secret'));
    expect(server.commands.join('\n')).not.toMatch(/very-secret|also-secret/);
  });

  it.each([
    ['a wrong password', { password: 'wrong' }, 'the password was not accepted', '-K'],
    ['a missing password', {}, 'a password is required', '-K'],
    [
      'a user who may not, said after the password',
      { user: 'unlisted', password: 'wrong' },
      'not in the sudoers file',
      'sudoers',
    ],
    ['a user who does not exist', { user: 'nobody-there' }, 'unknown user', 'become_user'],
    ['a user who may not', { user: 'refused' }, 'not in the sudoers file', 'sudoers'],
  ])('explains %s', async (_case, identity, message, hint) => {
    const error: unknown = await as(identity).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'become-failed' });
    expect(String(error)).toContain(message);
    expect((error as { hint: string }).hint).toContain(hint);
    expect(String(error)).not.toContain('wrong');
  });

  it('does not ask doas for a password', async () => {
    await expect(as({ method: 'doas', password: 'x' })).rejects.toMatchObject({ code: 'become-failed' });
  });

  it('tells when the program is missing', async () => {
    await expect(as({ method: 'doas' })).rejects.toMatchObject({
      code: 'become-failed',
      hint: 'Install that program on the host, or log in as the user.',
    });
  });

  it('is skipped for the user who logged in', async () => {
    const before = server.commands.length;
    await as({ user: 'tester' }, 'true');
    expect(server.commands.slice(before).join()).not.toContain('sudo');
  });
});

describe('the real programs', () => {
  const isRoot = userInfo().uid === 0;
  const host = { name: 'l', connection: 'local', address: '', port: 0, user: 'root', hostKeys: 'off' } as const;

  it.for(['sudo', 'su'] as const)('%s runs steps as another user', async (method, context) => {
    const path = execFileSync('/bin/sh', ['-c', `command -v ${method} || true`], { encoding: 'utf8' }).trim();
    if (!isRoot || path === '') return context.skip(`needs root and ${method}`);
    await using session = await createLocalTransport().connect(host);
    const results = await runSteps(
      session,
      [step('id -un'), step('cat; id -un', { stdin: Buffer.from('hi ') }), step('sleep 9', { timeoutMs: 100 })],
      {
        identity: { user: 'nobody', method },
      },
    );
    expect(results.map((result) => [result.stdout.trim(), result.timedOut])).toEqual([
      ['nobody', false],
      ['hi nobody', false],
      ['', true],
    ]);
  });
});
