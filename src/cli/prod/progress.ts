// What is being waited for: on a terminal one line that moves, elsewhere a plain line now and then. On standard error, so that
// results stay clean.
import pc from 'picocolors';

export interface Progress extends Disposable {
  /** One more is done. */
  advance(): void;
  /** Writes past the moving line. */
  write(text: string): void;
}

/** Shorter waits say nothing elsewhere than on a terminal. */
const plainEveryMs = 5000;
const movingEveryMs = 500;

/** `what` is in the plural: `hosts`. */
export function startProgress(what: string, total: number): Progress {
  const terminal = process.stderr.isTTY;
  const startedAt = performance.now();
  let done = 0;
  let shown = false;
  const text = () => `${done} of ${total} ${what}, ${Math.round((performance.now() - startedAt) / 1000)} s`;
  const clear = () => {
    if (shown) process.stderr.write('\r\u001b[K');
    shown = false;
  };
  const show = () => {
    if (!terminal) {
      process.stderr.write(`${text()}\n`);
      return;
    }
    clear();
    process.stderr.write(pc.dim(text()));
    shown = true;
  };
  const timer = setInterval(show, terminal ? movingEveryMs : plainEveryMs);
  return {
    advance: () => {
      done += 1;
      if (terminal && shown) show();
    },
    write: (output) => {
      clear();
      process.stdout.write(output);
    },
    [Symbol.dispose]: () => {
      clearInterval(timer);
      clear();
    },
  };
}
