// Where log lines end: files and streams, syslog over UDP, a syslog daemon's socket. Each takes lines without ever
// blocking or growing without bound: what does not fit is dropped and counted.
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import type { LogTarget } from '../core/logging/target.ts';
import { FileSink, openAppending } from './log-file-sink.ts';

export interface LogSink {
  /** Whether `head` is asked for: it costs time that files need not spend. */
  readonly needsHead: boolean;
  /** Lines that did not get through so far. */
  readonly dropped: number;
  /** Takes a line without its end. `head` is what syslog has before it. */
  line(text: string, head: string): void;
  /** Opens a file again, after it was renamed; resolves when nothing is written to the old one any more. */
  reopen(): Promise<void>;
  /** Writes what is left, within a short while. */
  close(): Promise<void>;
}

/** Beyond this what is not written yet is dropped: memory matters more than lines. */
const maxBufferedBytes = 8 * 1024 * 1024;
const maxDatagramBytes = 8192;
const maxDatagramsUnderWay = 4096;
const helperRestartMs = 1000;

/** The sink of a target, or undefined for `off`. Throws if a file cannot be opened. */
export function openSink(target: LogTarget): LogSink | undefined {
  switch (target.kind) {
    case 'off':
      return undefined;
    case 'stdout':
      return new FileSink(1, undefined);
    case 'stderr':
      return new FileSink(2, undefined);
    case 'file':
      return new FileSink(openAppending(target.path), target.path);
    case 'udp':
      return new UdpSink(target.host, target.port);
    case 'unix':
      return new SyslogSocketSink(target.path);
    default:
      return target satisfies never;
  }
}

export class UdpSink implements LogSink {
  readonly needsHead = true;
  dropped = 0;
  #underWay = 0;
  readonly #socket: Socket;

  constructor(host: string, port: number) {
    this.#socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    this.#socket.on('error', () => undefined);
    this.#socket.unref();
    // A name is looked up once, not for each line; until then lines wait inside the socket.
    this.#socket.connect(port, host);
  }

  line(text: string, head: string): void {
    if (this.#underWay >= maxDatagramsUnderWay) {
      this.dropped += 1;
      return;
    }
    const bytes = Buffer.from(head + text, 'utf8').subarray(0, maxDatagramBytes);
    this.#underWay += 1;
    const done = (error: Error | null): void => {
      this.#underWay -= 1;
      if (error) this.dropped += 1;
    };
    try {
      this.#socket.send(bytes, done);
    } catch {
      // Not connected: the name is not known, yet.
      this.#underWay -= 1;
      this.dropped += 1;
    }
  }

  reopen(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    for (let tries = 0; tries < 50 && this.#underWay > 0; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    this.#socket.close();
  }
}

/**
 * A syslog daemon listens on a datagram socket in the file system, which Node.js cannot open. `logger`, which is
 * essential on Debian, can: it gets lines with their priority on its standard input.
 */
export class SyslogSocketSink implements LogSink {
  readonly needsHead = true;
  dropped = 0;
  readonly #path: string;
  #child: ChildProcess | undefined;
  #startedAt = -Infinity;
  #closing = false;

  constructor(path: string) {
    this.#path = path;
  }

  line(text: string, head: string): void {
    const input = this.#helper()?.stdin;
    if (!input || input.writableLength > maxBufferedBytes) {
      this.dropped += 1;
      return;
    }
    const priority = /^<[0-9]+>/.exec(head)?.[0] ?? '';
    input.write(`${priority}${text}\n`);
  }

  reopen(): Promise<void> {
    // The helper finds the socket again by its path.
    this.#child?.stdin?.end();
    this.#child = undefined;
    this.#startedAt = -Infinity;
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#closing = true;
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.stdin?.end();
    const late = setTimeout(() => child.kill(), 1000);
    await ended;
    clearTimeout(late);
  }

  #helper(): ChildProcess | undefined {
    if (this.#child) return this.#child;
    const now = performance.now();
    if (this.#closing || now - this.#startedAt < helperRestartMs) return undefined;
    this.#startedAt = now;
    const args = ['--socket', this.#path, '--prio-prefix', '--tag', this.tag, `--id=${process.pid}`, '--size', '8KiB'];
    const child = spawn('logger', args, { stdio: ['pipe', 'ignore', 'ignore'] });
    const gone = (): void => {
      if (this.#child === child) this.#child = undefined;
    };
    child.on('error', gone);
    child.on('exit', gone);
    child.stdin.on('error', () => (this.dropped += 1));
    child.unref();
    this.#child = child;
    return child;
  }

  /** `logger` wants it as an argument; lines bring it in their heads for other targets. */
  tag = 'veza-proxy';
}
