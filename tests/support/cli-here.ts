// Runs veza-run within the test's own process: many small runs, without the start of a process for each.
import { stripVTControlCharacters } from 'node:util';
import { vi } from 'vitest';
import { main } from '../../src/cli/main.ts';

export interface HereResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs these words in `directory`. One at a time: the streams, the folder and the environment are the process's. */
export async function vezaRunHere(
  words: readonly string[],
  directory: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<HereResult> {
  const written = { stdout: '', stderr: '' };
  const capture = (stream: 'stdout' | 'stderr') =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    });
  const spies = [capture('stdout'), capture('stderr')];
  const before = process.cwd();
  const listeners = process.stdout.listeners('error');
  process.chdir(directory);
  const set = Object.keys(environment).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, environment);
  try {
    const exitCode = await main(words);
    return {
      exitCode,
      stdout: stripVTControlCharacters(written.stdout),
      stderr: stripVTControlCharacters(written.stderr),
    };
  } finally {
    for (const listener of process.stdout.listeners('error'))
      if (!listeners.includes(listener)) process.stdout.off('error', listener as () => void);
    process.chdir(before);
    for (const [name, value] of set) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    for (const spy of spies) spy.mockRestore();
  }
}
