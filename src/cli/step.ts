// `--step`: asks before each task. Answers may be piped in; where they end, no more tasks are performed.
import { createInterface } from 'node:readline';
import type { EngineOptions } from '../engine/options.ts';

export interface Steps extends Disposable {
  readonly ask: NonNullable<EngineOptions['step']>;
}

/** Asks in Ansible's words, until `stop`. Reads nothing before the first question. */
export function askForSteps(stop: AbortSignal): Steps {
  const stopped = new Promise<string>((resolve) => stop.addEventListener('abort', () => resolve('n'), { once: true }));
  let reader: ReturnType<typeof openReader> | null = null;
  return {
    async ask(task) {
      reader ??= openReader();
      process.stderr.write(`Perform task: TASK: ${task.name} (N)o/(y)es/(c)ontinue: `);
      const answer = (await Promise.race([reader.line(), stopped])).trim().toLowerCase();
      if (answer === 'c' || answer === 'continue') return 'continue';
      return answer === 'y' || answer === 'yes' ? 'yes' : 'no';
    },
    [Symbol.dispose]() {
      reader?.close();
    },
  };
}

function openReader(): { readonly line: () => Promise<string>; readonly close: () => void } {
  const reader = createInterface({ input: process.stdin, terminal: false });
  const lines = reader[Symbol.asyncIterator]();
  return {
    line: async () => {
      const { done, value } = await lines.next();
      return done === true ? 'n' : value;
    },
    close: () => reader.close(),
  };
}
