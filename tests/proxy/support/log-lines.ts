// Lines of an access log that come by UDP, and what of them is the same in every run and for every program.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export class LogLines implements Disposable {
  readonly #socket = createSocket('udp4');
  readonly #lines: string[] = [];

  static async listen(): Promise<LogLines> {
    const lines = new LogLines();
    lines.#socket.on('message', (bytes) => lines.#lines.push(bytes.toString('latin1').trimEnd()));
    lines.#socket.bind(0, '127.0.0.1');
    await once(lines.#socket, 'listening');
    return lines;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Those that do not have this text, without the head of syslog. */
  without(text: string): readonly string[] {
    return this.#lines.filter((line) => !line.includes(text)).map((line) => line.replace(/^<\d+>.*?\[\d+\]: /, ''));
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** Ports of clients, dates, times and sizes become words; durations that were not reached stay -1. */
export function comparableLine(line: string): string {
  return line
    .replace(/^127\.0\.0\.1:\d+ \[[^\]]+\]/, 'CLIENT [DATE]')
    .replace(/ (-?\d+(?:\/-?\d+){4}) (-?\d+) \d+ /, (_all, times: string, status: string) => {
      return ` ${times.replaceAll(/(?<!-)\b\d+/g, 'N')} ${status} BYTES `;
    })
    .replace(/ \d+\/\d+\/\d+\/\d+\/(\+?\d+) /, ' CONNECTIONS/$1 ')
    .replace(/(spaces .*)$/, (rest) => rest.replaceAll(/\b\d+\b/g, 'N'));
}
