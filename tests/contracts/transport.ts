// The contract of the Transport port: one suite for every implementation.
import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Batch, Identity, Session, Step, StepResult } from '../../src/engine/ports.ts';
import { limits } from '../../src/lib/limits.ts';
import { type LocalFile, quote, sh } from '../../src/lib/shell.ts';

export interface TransportUnderTest extends AsyncDisposable {
  connect(): Promise<Session>;
  /** Breaks every connection as a pulled cable or a dead server would; absent where there is nothing to cut. */
  readonly cut?: () => void | Promise<void>;
}

const login: Identity = { user: null, method: 'sudo' };

/** A step; 15 s are far above what any of them needs. */
export function step(text: string, more: { timeoutMs?: number; stdin?: Uint8Array | LocalFile } = {}): Step {
  const { timeoutMs = 15_000, stdin } = more;
  return { script: stdin === undefined ? { text } : { text, stdin }, timeoutMs };
}

export function runSteps(session: Session, steps: Step[], more: Partial<Batch> = {}): Promise<readonly StepResult[]> {
  return session.run({ identity: login, haltOnFailure: false, steps, ...more });
}

/** A command that nobody waits for to its end, and that is told apart from others by its time. */
function childSleep(): string {
  return `sleep ${60 + randomInt(1_000_000) / 1_000_000}`;
}

/** Resolves when no such process is left. */
async function gone(command: string): Promise<void> {
  const until = performance.now() + 30_000;
  while (spawnSync('pgrep', ['-f', '-x', command]).status === 0) {
    if (performance.now() > until) throw new Error(`${command} still runs`);
    await sleep(20);
  }
}

/** `remote`: there is a connection that can be cut. */
export function transportContract(
  name: string,
  start: () => Promise<TransportUnderTest>,
  { remote }: { readonly remote: boolean } = { remote: true },
): void {
  describe(`transport contract: ${name}`, () => {
    let transport: TransportUnderTest;
    let session: Session;
    let folder: string;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'veza-contract-'));
      transport = await start();
      session = await transport.connect();
    });
    afterAll(async () => {
      await session[Symbol.asyncDispose]();
      await transport[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    });
    const run = (steps: Step[], more?: Partial<Batch>) => runSteps(session, steps, more);
    const one = async (text: string, more?: Parameters<typeof step>[1]): Promise<StepResult> => {
      const [result] = await run([step(text, more)]);
      if (!result) throw new Error('no result');
      return result;
    };

    describe('steps', () => {
      it('keeps both outputs and the exit code apart', async () => {
        const result = await one('echo out; echo err >&2; exit 3');
        expect(result).toMatchObject({
          exitCode: 3,
          stdout: 'out\n',
          stderr: 'err\n',
          timedOut: false,
          droppedBytes: 0,
        });
        expect(result.endedAtMs).toBeGreaterThanOrEqual(result.startedAtMs);
      });

      it.each([
        ['quotes', `it's "quoted" \\ and \\\\ too`],
        ['expansions', '$(touch /tmp/no) `id` ${HOME} $$ !! %s %d'],
        ['line breaks', 'a\nb\r\nc\n\n'],
        ['a heredoc end', 'EOF\nEOT\nEOF'],
        [
          'every character of latin-1 and beyond',
          [...Array(0x2ff).keys()]
            .slice(1)
            .map((code) => String.fromCharCode(code))
            .join(''),
        ],
        ['emoji', '🦊 žluťoučký кириллица'],
        ['a record separator and something like a mark', '\x1e0123:end:0:0\x1e\x1e\x1e'],
      ])('hands on %s unharmed', async (_kind, text) => {
        const result = await one(sh`printf %s ${text}`.text);
        expect(result.stdout).toBe(text);
      });

      it('runs bodies with heredocs, comments and a missing last newline', async () => {
        const [heredoc, comment] = await run([step("cat <<'E'\n$x 'y' \"z\"\nE"), step('echo a # no end')]);
        expect(heredoc?.stdout).toBe('$x \'y\' "z"\n');
        expect(comment?.stdout).toBe('a\n');
      });

      it.each(['if then', 'echo "open', ')', '(', 'case x in', '}', "echo 'open", 'cat <<E\nopen', 'for', '$('])(
        'survives the syntax error %s',
        async (text) => {
          const [_broken, next] = await run([step(text), step('echo fine')]);
          expect(next).toMatchObject({ exitCode: 0, stdout: 'fine\n' });
        },
      );

      it('reports a syntax error as a failure', async () => {
        expect((await one('if then')).exitCode).not.toBe(0);
      });

      it('isolates variables, options, folder, traps and descriptors of steps', async () => {
        const [, after] = await run([
          step(
            'x=1; cd /tmp; set -eu; umask 077; trap "echo trapped" EXIT; exec >/dev/null 2>&1; readonly LC_ALL PATH',
          ),
          step('echo "[${x-}] $(pwd) $(umask) $-$LC_ALL"; false; echo on'),
        ]);
        expect(after?.stdout).toMatch(/^\[\] \/ 0*22 [^eu]*C\non\n$/);
      });

      it('has the administrator folders in PATH', async () => {
        expect((await one('echo ":$PATH:"')).stdout).toMatch(/:\/usr\/sbin:/);
      });

      it('gives no standard input', async () => {
        const [cat, after] = await run([step('cat; read -r x; echo "[$x]"'), step('echo after')]);
        expect(cat?.stdout).toBe('[]\n');
        expect(after?.stdout).toBe('after\n');
      });

      it('reports a signal as 128 + n', async () => {
        expect((await one('kill -TERM $(exec sh -c \'echo "$PPID"\')')).exitCode).toBe(143);
      });

      it('takes a killed shell for the end of that step and goes on in a new one', async () => {
        const results = await run([step('echo a'), step('echo b; kill -KILL $$; sleep 5'), step('echo c')]);
        expect(results.map((result) => [result.exitCode, result.stdout])).toEqual([
          [0, 'a\n'],
          [137, 'b\n'],
          [0, 'c\n'],
        ]);
      });

      it('does not wait for background processes that hold the output', async () => {
        const began = Date.now();
        const result = await one('sleep 20 & echo started; echo $!');
        expect(Date.now() - began).toBeLessThan(5_000);
        expect(result.stdout).toMatch(/^started\n\d+\n$/);
        await one(`kill ${quote(result.stdout.split('\n')[1] ?? '')}`);
      });

      it('keeps output up to the limit, counts the rest, and never blocks', async () => {
        const bytes = limits.stepOutputBytes + 1_000_000;
        const result = await one(
          `head -c ${bytes} /dev/zero | tr '\\0' x & head -c ${bytes} /dev/zero | tr '\\0' y >&2; wait`,
        );
        expect(result.stdout.length + result.stderr.length).toBe(limits.stepOutputBytes);
        expect(result.droppedBytes).toBe(2 * bytes - limits.stepOutputBytes);
      });

      it('runs a body of a megabyte', async () => {
        const text = 'x'.repeat(1_000_000);
        expect((await one(`x='${text}'; echo \${#x}`)).stdout).toBe('1000000\n');
      });

      it('runs 100 steps as one message', async () => {
        const before = session.roundTrips;
        const began = performance.now();
        const results = await run([...Array(100).keys()].map((index) => step(`echo ${index}`)));
        expect(performance.now() - began).toBeLessThan(2_000);
        expect(session.roundTrips - before).toBe(1);
        expect(results.map((result) => result.stdout)).toEqual([...Array(100).keys()].map((index) => `${index}\n`));
      });

      it('accepts an empty batch and an empty body', async () => {
        expect(await run([])).toEqual([]);
        expect((await one('')).exitCode).toBe(0);
      });
    });

    describe('batches', () => {
      it('halts after a failure when asked to', async () => {
        const results = await run([step('true'), step('exit 4'), step('echo no')], { haltOnFailure: true });
        expect(results.map((result) => result.exitCode)).toEqual([0, 4]);
        expect((await run([step('true'), step('echo next')], { haltOnFailure: true })).length).toBe(2);
      });

      it('halts after a failure that ended the shell', async () => {
        const results = await run([step('kill -KILL $$; sleep 1'), step('echo no')], { haltOnFailure: true });
        expect(results.map((result) => result.exitCode)).toEqual([137]);
      });

      it('reports begin and end while the batch runs', async () => {
        const events: string[] = [];
        const times: number[] = [];
        await run([step('echo a'), step('sleep 0.3; echo b')], {
          onBegin: (index) => {
            events.push(`begin ${index}`);
            times.push(Date.now());
          },
          onEnd: (index, result) => {
            events.push(`end ${index} ${result.stdout.trim()}`);
            times.push(Date.now());
          },
        });
        expect(events).toEqual(['begin 0', 'end 0 a', 'begin 1', 'end 1 b']);
        expect((times[3] ?? 0) - (times[1] ?? 0)).toBeGreaterThan(200);
      });

      it('runs batches of one identity one after another', async () => {
        const file = join(folder, 'order');
        await Promise.all([run([step(`sleep 0.2; echo 1 >>${quote(file)}`)]), run([step(`echo 2 >>${quote(file)}`)])]);
        expect(readFileSync(file, 'utf8')).toBe('1\n2\n');
      });
    });

    describe('standard input', () => {
      const data = randomBytes(5_000_000);

      it('delivers bytes exactly', async () => {
        const file = join(folder, 'exact');
        const before = session.roundTrips;
        const results = await run([
          step('echo a'),
          step(`cat >${quote(file)}; echo got`, { stdin: data }),
          step('echo b'),
        ]);
        expect(results.map((result) => result.stdout)).toEqual(['a\n', 'got\n', 'b\n']);
        expect(session.roundTrips - before).toBe(2);
        expect(readFileSync(file).equals(data)).toBe(true);
      });

      it('streams a file of the controller', async () => {
        const from = join(folder, 'from');
        const to = join(folder, 'to');
        writeFileSync(from, data);
        await one(`cat >${quote(to)}`, { stdin: { path: from, sizeBytes: data.length } });
        expect(readFileSync(to).equals(data)).toBe(true);
      });

      it('does not mind a step that reads nothing, or only a part', async () => {
        const results = await run([
          step('echo nothing', { stdin: data }),
          step('head -c 3 | wc -c', { stdin: data }),
          step('wc -c', { stdin: new Uint8Array() }),
          step('exec <&-; sleep 0.2; echo closed', { stdin: data }),
        ]);
        expect(results.map((result) => [result.exitCode, result.stdout.trim()])).toEqual([
          [0, 'nothing'],
          [0, '3'],
          [0, '0'],
          [0, 'closed'],
        ]);
      });

      it('skips it after a failure', async () => {
        const results = await run([step('false'), step('cat', { stdin: data }), step('cat', { stdin: data })], {
          haltOnFailure: true,
        });
        expect(results.length).toBe(1);
      });

      it.each([
        ['is shorter than announced', 10],
        ['cannot be read', null],
      ])('fails and lets the step see no end when the file %s', async (_case, sizeBytes) => {
        const from = join(folder, 'short');
        const to = join(folder, 'never');
        if (sizeBytes !== null) writeFileSync(from, 'short');
        else rmSync(from, { force: true });
        const running = run([
          step(`cat >/dev/null; touch ${quote(to)}`, { stdin: { path: from, sizeBytes: sizeBytes ?? 1 } }),
          step(`touch ${quote(to)}`),
        ]);
        await expect(running).rejects.toMatchObject({ code: sizeBytes === null ? 'file-unreadable' : 'file-changed' });
        await sleep(200);
        expect(existsSync(to)).toBe(false);
        expect((await one('echo usable')).stdout).toBe('usable\n');
      });

      it('leaves nothing behind, also after the step killed its shell', async () => {
        const [, , ...results] = await run([
          step('readlink /proc/self/fd/0', { stdin: data }),
          step('readlink /proc/self/fd/0; kill -KILL $$; sleep 0.1', { stdin: data }),
        ]).then(async (both) => {
          await sleep(300);
          const paths = both.map((result) => result.stdout.trim());
          expect(paths.every((path) => path.includes('/.veza-'))).toBe(true);
          return [
            ...both,
            ...(await run(paths.map((path) => step(`ls -d ${quote(path)} ${quote(join(path, '..'))}`)))),
          ];
        });
        expect(results.map((result) => result.stdout)).toEqual(['', '']);
      });
    });

    describe('limits of time', () => {
      it('kills a step with its children and goes on', async () => {
        const child = childSleep();
        const results = await run([step(`(${child}; echo no) | cat; echo no`, { timeoutMs: 200 }), step('echo next')]);
        expect(results[0]).toMatchObject({ timedOut: true, stdout: '', exitCode: 137 });
        expect(results[1]).toMatchObject({ timedOut: false, stdout: 'next\n' });
        await gone(child);
      });

      it('kills what ignores SIGTERM', async () => {
        const result = await one(`trap '' TERM; sh -c "trap '' TERM; sleep 30; sleep 30"; echo no`, { timeoutMs: 200 });
        expect(result).toMatchObject({ timedOut: true, stdout: '' });
      });

      it('kills a step that waits for input', async () => {
        const result = await one('sleep 30', { timeoutMs: 300, stdin: randomBytes(3_000_000) });
        expect(result.timedOut).toBe(true);
      });

      it('halts after it when asked to', async () => {
        const results = await run([step('sleep 9', { timeoutMs: 200 }), step('echo no')], { haltOnFailure: true });
        expect(results.map((result) => result.timedOut)).toEqual([true]);
      });

      it('cancels: kills the running step and starts no other', async () => {
        const file = join(folder, 'cancelled');
        const abort = new AbortController();
        const child = childSleep();
        const running = run([step(`${child}; touch ${quote(file)}`), step(`touch ${quote(file)}`)], {
          signal: abort.signal,
          onBegin: () => setTimeout(() => abort.abort(), 50),
        });
        await expect(running).rejects.toMatchObject({ code: 'cancelled' });
        await gone(child);
        expect(existsSync(file)).toBe(false);
        expect((await one('echo usable')).stdout).toBe('usable\n');
      });

      it('does not begin when it is cancelled already', async () => {
        const before = session.roundTrips;
        await expect(run([step('echo no')], { signal: AbortSignal.abort() })).rejects.toMatchObject({
          code: 'cancelled',
        });
        expect(session.roundTrips).toBe(before);
      });
    });

    describe('dial', () => {
      it('connects from the host', async () => {
        const server = createServer((socket) => socket.end('hello'));
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        const address = server.address();
        const port = typeof address === 'object' && address ? address.port : 0;
        const stream = await session.dial('127.0.0.1', port, { timeoutMs: 5_000 });
        let text = '';
        await new Promise<void>((resolve) => {
          stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
          stream.on('end', () => resolve());
        });
        expect(text).toBe('hello');
        stream.destroy();
        server.close();
        await expect(session.dial('127.0.0.1', port, { timeoutMs: 5_000 })).rejects.toMatchObject({
          code: 'connect-failed',
        });
      });

      it('can be cancelled', async () => {
        const dialled = session.dial('127.0.0.1', 1, { timeoutMs: 5_000, signal: AbortSignal.abort() });
        await expect(dialled).rejects.toMatchObject({ code: 'cancelled' });
      });
    });

    describe('loss', () => {
      it('never lets a step take half an input for the whole when the session ends', async () => {
        await halfInput(transport, folder, async (other) => other[Symbol.asyncDispose]());
      });

      if (remote) {
        it('rejects a batch when the connection is cut, and never lets a step take half an input for the whole', async () => {
          await halfInput(transport, folder, async () => {
            if (!transport.cut) throw new Error('a remote transport under test must be able to cut its connection');
            await transport.cut();
          });
          await session[Symbol.asyncDispose]();
          session = await transport.connect();
        });
      }

      it('rejects after the end of the session', async () => {
        const other = await transport.connect();
        await other[Symbol.asyncDispose]();
        await expect(runSteps(other, [step('true')])).rejects.toMatchObject({ code: 'unreachable' });
      });
    });
  });
}

async function halfInput(
  transport: TransportUnderTest,
  folder: string,
  breakIt: (session: Session) => Promise<void>,
): Promise<void> {
  const name = randomBytes(4).toString('hex');
  const [started, part, whole] = ['started', 'part', 'whole'].map((kind) => join(folder, `${name}-${kind}`));
  const other = await transport.connect();
  const text = `head -c 1000 >/dev/null; touch ${started}; sleep 0.3; cat >${part} && mv ${part} ${whole}`;
  const running = runSteps(other, [step(text, { stdin: randomBytes(30_000_000) })]);
  running.catch(() => undefined);
  while (!existsSync(started ?? '')) await sleep(10);
  await breakIt(other);
  await expect(running).rejects.toMatchObject({ code: 'unreachable' });
  await sleep(600);
  expect(existsSync(whole ?? '')).toBe(false);
  if (existsSync(part ?? '')) expect(statSync(part ?? '').size).toBeLessThan(30_000_000);
  await other[Symbol.asyncDispose]();
}
