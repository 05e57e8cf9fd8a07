// Asks for a password on the terminal, without showing it.
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { VezaError } from '../lib/errors.ts';

/** Throws VezaError `no-terminal` where nobody can answer. */
export async function askPassword(prompt: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new VezaError('no-terminal', `cannot ask for "${prompt.trim()}" without a terminal`, {
      hint: 'set ansible_password or ansible_become_password from a protected file with -e @FILE',
    });
  process.stderr.write(prompt);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await reader.question('');
  } finally {
    reader.close();
    process.stderr.write('\n');
  }
}
