// The ssh transport keeps the contract: with a server inside the test, and with a real OpenSSH.
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createSshTransport } from '../../src/adapters/ssh/transport.ts';
import { transportContract } from '../contracts/transport.ts';
import { startServer } from './support/ssh-server.ts';
import { sshdPath, startSshd } from './support/sshd.ts';

transportContract('ssh to a server in the test', async () => {
  const server = await startServer();
  const transport = createSshTransport({ defaultKeys: [] });
  return {
    connect: () => transport.connect(server.host),
    cut: () => server.cut(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
});

if (sshdPath) {
  transportContract('ssh to OpenSSH', async () => {
    const sshd = await startSshd();
    const transport = createSshTransport({ defaultKeys: [] });
    return {
      connect: () => transport.connect(sshd.host),
      cut: () => {
        for (const pid of childrenOf(sshd.process.pid ?? 0)) process.kill(pid, 'SIGKILL');
      },
      [Symbol.asyncDispose]: () => sshd[Symbol.asyncDispose](),
    };
  });
} else {
  describe('transport contract: ssh to OpenSSH', () => {
    it('has an sshd', (context) => {
      expect(process.env.VEZA_REQUIRE_E2E, 'sshd is missing, and VEZA_REQUIRE_E2E asks for it').not.toBe('1');
      context.skip('sshd is not installed');
    });
  });
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1] === String(parent);
      } catch {
        return false;
      }
    });
}
