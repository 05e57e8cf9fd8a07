// What the master says of itself: to its outputs, to those who follow over the admin interface, and kept for `tail`.
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
import { Mask } from '../core/logging/mask.ts';
import { Sampler } from '../core/logging/sampling.ts';
import type { LogTarget } from '../core/logging/target.ts';
import { Recent } from './recent.ts';
import { FileSink } from './log-file-sink.ts';
import { type LogSink, openSink } from './log-sinks.ts';

const kept = 1000;

interface Output {
  readonly key: string;
  readonly target: LogTarget;
  /** A terminal or a journal gets its lines at once, without one. */
  readonly sink: LogSink | undefined;
}

export class OperationalLog {
  #config: LogConfig | undefined;
  #outputs: readonly Output[] = [{ key: '', target: { kind: 'stderr' }, sink: undefined }];
  #mask = new Mask([]);
  readonly #sampler = new Sampler();
  /** What was said last, and those who follow. */
  readonly entries = new Recent<LogEntry>(kept);

  /** Throws if an output cannot be opened; then all stays as it was. */
  configure(config: LogConfig): void {
    const before = new Map(this.#outputs.map((output) => [output.key, output]));
    const opened: Output[] = [];
    const outputs: Output[] = [];
    try {
      for (const target of config.outputs) {
        const key = JSON.stringify(target);
        const known = before.get(key);
        if (known) void known.sink?.reopen();
        const output = known ?? { key, target, sink: isStream(target) ? undefined : openSink(target) };
        if (!known) opened.push(output);
        outputs.push(output);
      }
    } catch (error) {
      for (const { sink } of opened) void sink?.close();
      throw error;
    }
    for (const output of before.values()) if (!outputs.includes(output)) void output.sink?.close();
    this.#outputs = outputs;
    this.#mask = new Mask(config.mask);
    this.#config = config;
  }

  /** Opens files again that were renamed; resolves when nothing is written to the old ones, with false if that failed. */
  async reopen(): Promise<boolean> {
    try {
      await Promise.all(this.#sinks.map((sink) => sink.reopen()));
      return true;
    } catch (error) {
      this.error(`cannot open the log again: ${messageOf(error)}`);
      return false;
    }
  }

  debug(message: string, fields?: Fields, about?: string): void {
    this.write('debug', message, fields, about);
  }

  info(message: string, fields?: Fields): void {
    this.write('info', message, fields);
  }

  warn(message: string, fields?: Fields, about?: string): void {
    this.write('warn', message, fields, about);
  }

  error(message: string, fields?: Fields): void {
    this.write('error', message, fields);
  }

  /** `about`: the frontend or backend whose level counts. */
  write(level: Level, message: string, fields: Fields = {}, about = ''): void {
    const { levels = {}, level: least = 'info', sampling } = this.#config ?? {};
    if (!isAtLeast(level, levels[about] ?? least)) return;
    const atMs = Date.now();
    const leftOut = sampling ? this.#sampler.take(level, message, sampling, atMs) : 0;
    if (leftOut === undefined) return;
    const shown = masked({ ...fields, ...(leftOut > 0 && { leftOut }) }, this.#mask.hides) as Fields;
    const entry = { atMs, level, message: maskedText(this.#mask.inUrl(message)), fields: shown };
    for (const output of this.#outputs) this.#write(output, entry);
    this.entries.add(entry);
  }

  #write({ target, sink }: Output, entry: LogEntry): void {
    const isJson = this.#config?.style === 'json';
    // systemd's journal has times of its own, and so has syslog.
    const isDated = target.kind === 'file' || (isStream(target) && process.env['JOURNAL_STREAM'] === undefined);
    const text = isJson ? entryJson(entry) : entryText(entry, isDated);
    if (target.kind === 'stderr') process.stderr.write(`${text}\n`);
    else if (target.kind === 'stdout') process.stdout.write(`${text}\n`);
    else if (sink) this.#toSink(sink, entry, text);
  }

  #toSink(sink: LogSink, entry: LogEntry, text: string): void {
    const { facility = 16, tag = 'veza-proxy' } = this.#config ?? {};
    const head = syslogHead(facility, entry.level, entry.atMs, tag, process.pid);
    // One datagram or one line of syslog holds no line end.
    const lines = sink instanceof FileSink ? [text] : text.split('\n');
    for (const line of lines) sink.line(line, head);
  }

  async close(): Promise<void> {
    await Promise.all(this.#sinks.map((sink) => sink.close()));
  }

  get #sinks(): readonly LogSink[] {
    return this.#outputs.flatMap(({ sink }) => sink ?? []);
  }
}

function isStream({ kind }: LogTarget): boolean {
  return kind === 'stderr' || kind === 'stdout';
}
