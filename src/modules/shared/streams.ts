// Reads from a connection until enough has come.
import type { Contact, DuplexStream } from '../../core/module.ts';

/** The text so far when `enough` says so, or at the end, the timeout or the limit. Never rejects for a lost connection. */
export async function readUntil(
  stream: DuplexStream,
  enough: (text: string) => boolean,
  contact: Pick<Contact, 'sleep'>,
  limit: { readonly timeoutMs: number; readonly maxBytes: number },
): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  const done = new Promise<void>((resolve) => {
    const finish = (): void => resolve();
    stream.on('data', (chunk: Uint8Array) => {
      text += decoder.decode(chunk, { stream: true });
      if (enough(text) || text.length >= limit.maxBytes) finish();
    });
    stream.on('end', finish);
    stream.on('close', finish);
    stream.on('error', finish);
  });
  // A timer that is left behind would keep the whole program from ending.
  const over = new AbortController();
  const timeUp = contact.sleep(limit.timeoutMs, over.signal);
  try {
    await Promise.race([done, timeUp]);
  } finally {
    timeUp.catch(() => undefined);
    over.abort();
  }
  return text;
}
