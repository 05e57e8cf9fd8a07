// A running command with three streams: all that the shell framing needs of ssh or of a local process.
import type { Readable, Writable } from 'node:stream';

/** How a command ended: an exit code, or the name of the signal that killed it. */
export interface ChannelEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface Channel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when the command has ended (background children may still hold its output); null if the connection was lost first. */
  readonly ended: Promise<ChannelEnd | null>;
  /** Lets go of the streams. Does not promise that the command dies. */
  close(): void;
}

/** Starts a command line of the login shell. Rejects with VezaError `unreachable`. */
export type OpenChannel = (command: string) => Promise<Channel>;

/** After the end of a command its last output may still be on the way: exit and data travel apart. */
const drainMs = 100;

/** Settles `ended` of a channel: a short while after the exit, or at once when the streams close. */
export function endOf(on: (event: 'exit' | 'close', listener: (end: ChannelEnd) => void) => void): Channel['ended'] {
  return new Promise((resolve) => {
    let seen: ChannelEnd | null = null;
    on('exit', (end) => {
      seen = end;
      setTimeout(() => resolve(end), drainMs).unref();
    });
    on('close', () => resolve(seen));
  });
}
