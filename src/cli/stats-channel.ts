// Asks a balancer's stats socket, which listens on its loopback only, through the SSH connection.
import { buffer } from 'node:stream/consumers';
import type { Duplex } from 'node:stream';
import type { Session } from '../engine/ports.ts';

const timeoutMs = 5000;

/** A function that sends one command and resolves to the whole answer. */
export function statsThrough(session: Session, host: string, port: number): (command: string) => Promise<string> {
  return async (command) => {
    // The port calls it a DuplexStream; every adapter hands out a real node:stream Duplex.
    const stream = (await session.dial(host, port, { timeoutMs })) as unknown as Duplex;
    const timer = setTimeout(
      () => stream.destroy(new Error(`the stats socket did not answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      stream.end(`${command}\n`);
      return (await buffer(stream)).toString('utf8');
    } finally {
      clearTimeout(timer);
    }
  };
}
