// The local transport keeps the contract, under every POSIX shell of this machine.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { createLocalTransport } from '../../src/adapters/local/transport.ts';
import { transportContract } from '../contracts/transport.ts';
import type { HostAddress } from '../../src/engine/ports.ts';

const host: HostAddress = {
  name: 'localhost',
  connection: 'local',
  address: 'localhost',
  port: 0,
  user: userInfo().username,
  hostKeys: 'off',
};

for (const program of ['dash', 'bash', 'busybox']) {
  const path = findProgram(program);
  if (path === null) {
    describe(`transport contract: local with ${program}`, () => {
      it.skip(`${program} is not installed`);
    });
    continue;
  }
  const start = () => {
    // The name makes bash a POSIX shell, and BusyBox a shell at all.
    const folder = mkdtempSync(join(tmpdir(), 'veza-shell-'));
    const shellPath = join(folder, 'sh');
    symlinkSync(path, shellPath);
    const transport = createLocalTransport({ shellPath });
    return Promise.resolve({
      connect: () => transport.connect(host),
      [Symbol.asyncDispose]: () => {
        rmSync(folder, { recursive: true });
        return Promise.resolve();
      },
    });
  };
  transportContract(`local with ${program}`, start, { remote: false });
}

function findProgram(name: string): string | null {
  try {
    return execFileSync('/bin/sh', ['-c', 'command -v -- "$1"', 'sh', name], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}
