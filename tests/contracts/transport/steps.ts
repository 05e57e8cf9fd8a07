// What one step is promised: its outputs and exit code, its text unharmed, nothing left of it for the next.
import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/lib/limits.ts';
import { quote, sh } from '../../../src/lib/shell.ts';
import { type HostUnderTest, step } from './host-under-test.ts';

export function stepsContract(host: () => HostUnderTest): void {
  describe('steps', () => {
    it('keeps both outputs and the exit code apart', async () => {
      const result = await host().one('echo out; echo err >&2; exit 3');
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
      const result = await host().one(sh`printf %s ${text}`.text);
      expect(result.stdout).toBe(text);
    });

    it('runs bodies with heredocs, comments and a missing last newline', async () => {
      const [heredoc, comment] = await host().run([step("cat <<'E'\n$x 'y' \"z\"\nE"), step('echo a # no end')]);
      expect(heredoc?.stdout).toBe('$x \'y\' "z"\n');
      expect(comment?.stdout).toBe('a\n');
    });

    it.each(['if then', 'echo "open', ')', '(', 'case x in', '}', "echo 'open", 'cat <<E\nopen', 'for', '$('])(
      'survives the syntax error %s',
      async (text) => {
        const [_broken, next] = await host().run([step(text), step('echo fine')]);
        expect(next).toMatchObject({ exitCode: 0, stdout: 'fine\n' });
      },
    );

    it('reports a syntax error as a failure', async () => {
      expect((await host().one('if then')).exitCode).not.toBe(0);
    });

    it('isolates variables, options, folder, traps and descriptors of steps', async () => {
      const [, after] = await host().run([
        step('x=1; cd /tmp; set -eu; umask 077; trap "echo trapped" EXIT; exec >/dev/null 2>&1; readonly LC_ALL PATH'),
        step('echo "[${x-}] $(pwd) $(umask) $-$LC_ALL"; false; echo on'),
      ]);
      expect(after?.stdout).toMatch(/^\[\] \/ 0*22 [^eu]*C\non\n$/);
    });

    it('has the administrator folders in PATH', async () => {
      expect((await host().one('echo ":$PATH:"')).stdout).toMatch(/:\/usr\/sbin:/);
    });

    it('gives no standard input', async () => {
      const [cat, after] = await host().run([step('cat; read -r x; echo "[$x]"'), step('echo after')]);
      expect(cat?.stdout).toBe('[]\n');
      expect(after?.stdout).toBe('after\n');
    });

    it('reports a signal as 128 + n', async () => {
      expect((await host().one('kill -TERM $(exec sh -c \'echo "$PPID"\')')).exitCode).toBe(143);
    });

    it('takes a killed shell for the end of that step and goes on in a new one', async () => {
      const results = await host().run([step('echo a'), step('echo b; kill -KILL $$; sleep 5'), step('echo c')]);
      expect(results.map((result) => [result.exitCode, result.stdout])).toEqual([
        [0, 'a\n'],
        [137, 'b\n'],
        [0, 'c\n'],
      ]);
    });

    it('does not wait for background processes that hold the output', async () => {
      const began = Date.now();
      const result = await host().one('sleep 20 & echo started; echo $!');
      expect(Date.now() - began).toBeLessThan(5_000);
      expect(result.stdout).toMatch(/^started\n\d+\n$/);
      await host().one(`kill ${quote(result.stdout.split('\n')[1] ?? '')}`);
    });

    it('keeps output up to the limit, counts the rest, and never blocks', async () => {
      const bytes = limits.stepOutputBytes + 1_000_000;
      const result = await host().one(
        `head -c ${bytes} /dev/zero | tr '\\0' x & head -c ${bytes} /dev/zero | tr '\\0' y >&2; wait`,
      );
      expect(result.stdout.length + result.stderr.length).toBe(limits.stepOutputBytes);
      expect(result.droppedBytes).toBe(2 * bytes - limits.stepOutputBytes);
    });

    it('runs a body of a megabyte', async () => {
      const text = 'x'.repeat(1_000_000);
      expect((await host().one(`x='${text}'; echo \${#x}`)).stdout).toBe('1000000\n');
    });

    it('runs 100 steps as one message', async () => {
      const before = host().session.roundTrips;
      const began = performance.now();
      const results = await host().run([...Array(100).keys()].map((index) => step(`echo ${index}`)));
      expect(performance.now() - began).toBeLessThan(2_000);
      expect(host().session.roundTrips - before).toBe(1);
      expect(results.map((result) => result.stdout)).toEqual([...Array(100).keys()].map((index) => `${index}\n`));
    });

    it('accepts an empty batch and an empty body', async () => {
      expect(await host().run([])).toEqual([]);
      expect((await host().one('')).exitCode).toBe(0);
    });
  });
}
