// Asks on the terminal: for passwords, without showing them, and what plays ask (`vars_prompt`).
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { VezaError } from '../lib/errors.ts';

/** Throws VezaError `no-terminal` where nobody can answer. */
export async function askPassword(prompt: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new VezaError('no-terminal', `cannot ask for "${prompt.trim()}" without a terminal`, {
      hint: 'set ansible_password or ansible_become_password from a protected file with -e @FILE',
    });
  return hidden(prompt);
}

/** The answer to a question; null where nobody can answer. */
export async function askQuestion(options: {
  readonly question: string;
  readonly isPrivate: boolean;
}): Promise<string | null> {
  if (!process.stdin.isTTY) return null;
  if (options.isPrivate) return hidden(options.question);
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await reader.question(options.question);
  } finally {
    reader.close();
  }
}

async function hidden(prompt: string): Promise<string> {
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
