// Asks on the terminal: for passwords without showing them, and what `pause` wants to know.
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { VezaError } from '../lib/errors.ts';

/** Throws VezaError `no-terminal` where nobody can answer. */
export async function askPassword(prompt: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new VezaError('no-terminal', `cannot ask for "${prompt.trim()}" without a terminal`, {
      hint: 'set ansible_password or ansible_become_password from a protected file with -e @FILE',
    });
  return askLine(prompt, { echo: false });
}

/** One line from the terminal; rejects when `signal` is aborted. */
export async function askLine(
  prompt: string,
  { echo, signal }: { readonly echo: boolean; readonly signal?: AbortSignal },
): Promise<string> {
  process.stderr.write(`${prompt.trimEnd()} `);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: echo ? process.stderr : silent, terminal: true });
  try {
    return await reader.question('', signal ? { signal } : {});
  } finally {
    reader.close();
    if (!echo) process.stderr.write('\n');
  }
}
