// What the master says of itself: to its output, to those who follow over the admin interface, and kept for `tail`.
import { messageOf } from '../../lib/errors.ts';
import type { LogConfig } from '../core/config/model.ts';
import {
  entryJson,
  entryText,
  type Fields,
  isAtLeast,
  type Level,
  type LogEntry,
  masked,
  maskedText,
  syslogHead,
} from '../core/logging/entry.ts';
import { Recent } from './recent.ts';
import { FileSink, type LogSink, openSink } from './log-sinks.ts';

const kept = 1000;

export class OperationalLog {
  #config: LogConfig | undefined;
  #key = '';
  #sink: LogSink | undefined;
  /** What was said last, and those who follow. */
  readonly entries = new Recent<LogEntry>(kept);

  /** Throws if the output cannot be opened; then all stays as it was. */
  configure(config: LogConfig): void {
    const key = JSON.stringify(config.output);
    if (key === this.#key) {
      this.#sink?.reopen();
    } else {
      // A terminal or a journal gets its lines at once, see #write.
      const isStream = config.output.kind === 'stderr' || config.output.kind === 'stdout';
      const opened = isStream ? undefined : openSink(config.output);
      void this.#sink?.close();
      this.#sink = opened;
      this.#key = key;
    }
    this.#config = config;
  }

  /** Opens a file again, after it was rotated. */
  reopen(): void {
    try {
      this.#sink?.reopen();
    } catch (error) {
      this.error(`cannot open the log again: ${messageOf(error)}`);
    }
  }

  debug(message: string, fields?: Fields): void {
    this.write('debug', message, fields);
  }

  info(message: string, fields?: Fields): void {
    this.write('info', message, fields);
  }

  warn(message: string, fields?: Fields): void {
    this.write('warn', message, fields);
  }

  error(message: string, fields?: Fields): void {
    this.write('error', message, fields);
  }

  write(level: Level, message: string, fields: Fields = {}): void {
    if (!isAtLeast(level, this.#config?.level ?? 'info')) return;
    const entry = { atMs: Date.now(), level, message: maskedText(message), fields: masked(fields) as Fields };
    this.#write(entry);
    this.entries.add(entry);
  }

  #write(entry: LogEntry): void {
    const output = this.#config?.output ?? { kind: 'stderr' };
    const isJson = this.#config?.style === 'json';
    // systemd's journal has times of its own, and so has syslog.
    const isDated = output.kind === 'file' || (this.#sink === undefined && process.env['JOURNAL_STREAM'] === undefined);
    const text = isJson ? entryJson(entry) : entryText(entry, isDated);
    if (output.kind === 'stderr') process.stderr.write(`${text}\n`);
    else if (output.kind === 'stdout') process.stdout.write(`${text}\n`);
    else this.#toSink(entry, text);
  }

  #toSink(entry: LogEntry, text: string): void {
    const { facility = 16, tag = 'veza-proxy' } = this.#config ?? {};
    const head = syslogHead(facility, entry.level, entry.atMs, tag, process.pid);
    // One datagram or one line of syslog holds no line end.
    const lines = this.#sink instanceof FileSink ? [text] : text.split('\n');
    for (const line of lines) this.#sink?.line(line, head);
  }

  async close(): Promise<void> {
    await this.#sink?.close();
  }
}
