// What is promised of the connection itself: to dial from the host, and what its loss may never do.
import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Session } from '../../../src/engine/ports.ts';
import { portOf } from '../../support/ports.ts';
import { type HostUnderTest, runSteps, step } from './host-under-test.ts';

export function connectionContract(host: () => HostUnderTest, remote: boolean): void {
  describe('dial', () => {
    it('connects from the host', async () => {
      const server = createServer((socket) => socket.end('hello'));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const port = portOf(server);
      const stream = await host().session.dial('127.0.0.1', port, { timeoutMs: 5_000 });
      let text = '';
      await new Promise<void>((resolve) => {
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
        stream.on('end', () => resolve());
      });
      expect(text).toBe('hello');
      stream.destroy();
      server.close();
      await expect(host().session.dial('127.0.0.1', port, { timeoutMs: 5_000 })).rejects.toMatchObject({
        code: 'connect-failed',
      });
    });

    it('can be cancelled', async () => {
      const dialled = host().session.dial('127.0.0.1', 1, { timeoutMs: 5_000, signal: AbortSignal.abort() });
      await expect(dialled).rejects.toMatchObject({ code: 'cancelled' });
    });
  });

  describe('loss', () => {
    it('never lets a step take half an input for the whole when the session ends', async () => {
      await halfInput(host(), (other) => other[Symbol.asyncDispose]());
    });

    if (remote) {
      it('rejects a batch when the connection is cut, and never lets a step take half an input for the whole', async () => {
        const { cut } = host().transport;
        if (!cut) throw new Error('a remote transport under test must be able to cut its connection');
        await halfInput(host(), cut);
        await host().reconnect();
      });
    }

    it('rejects after the end of the session', async () => {
      const other = await host().transport.connect();
      await other[Symbol.asyncDispose]();
      await expect(runSteps(other, [step('true')])).rejects.toMatchObject({ code: 'unreachable' });
    });
  });
}

async function halfInput(
  { transport, folder }: HostUnderTest,
  breakIt: (session: Session) => void | PromiseLike<void>,
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
