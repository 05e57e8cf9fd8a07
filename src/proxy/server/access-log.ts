// The access log of a worker: one line for each request to each target. Never in the way of traffic.
import { messageOf } from '../../lib/errors.ts';
import { fieldValue } from '../core/http/scan.ts';
import type { LogConfig } from '../core/config/model.ts';
import { formatAccess } from '../core/logging/access-format.ts';
import type { AccessRecord } from '../core/logging/access-record.ts';
import { syslogHead } from '../core/logging/entry.ts';
import type { LogTarget } from '../core/logging/target.ts';
import { type LogSink, openSink, SyslogSocketSink } from './log-sinks.ts';

export class AccessLog {
  enabled = false;
  #config: LogConfig | undefined;
  #sinks: { readonly key: string; readonly sink: LogSink }[] = [];
  /** Of sinks that are closed. */
  #droppedBefore = 0;
  #count = 0;
  #needsHead = false;
  /** Connections of clients in this process. */
  readonly connections: () => number;

  constructor(connections: () => number) {
    this.connections = connections;
  }

  get dropped(): number {
    return this.#sinks.reduce((sum, { sink }) => sum + sink.dropped, this.#droppedBefore);
  }

  /** Do lines tell more of a request than its first line? */
  get needsHeaders(): boolean {
    return this.#config?.format !== 'httplog';
  }

  /** Takes new settings; sinks whose target stays are opened again. What fails stays as it was: traffic matters more. */
  configure(config: LogConfig): void {
    this.#config = config;
    const before = new Map(this.#sinks.map(({ key, sink }) => [key, sink]));
    this.#sinks = [];
    for (const target of config.access) {
      const key = JSON.stringify(target);
      const sink = this.#opened(before.get(key), target, config.tag);
      before.delete(key);
      if (sink) this.#sinks.push({ key, sink });
    }
    for (const sink of before.values()) {
      this.#droppedBefore += sink.dropped;
      void sink.close();
    }
    this.enabled = this.#sinks.length > 0;
    this.#needsHead = this.#sinks.some(({ sink }) => sink.needsHead);
  }

  #opened(known: LogSink | undefined, target: LogTarget, tag: string): LogSink | undefined {
    try {
      known?.reopen();
      const sink = known ?? openSink(target);
      if (sink instanceof SyslogSocketSink) sink.tag = tag;
      return sink;
    } catch (error) {
      process.stderr.write(`cannot open the access log: ${messageOf(error)}\n`);
      return known;
    }
  }

  reopen(): void {
    if (this.#config) this.configure(this.#config);
  }

  write(record: AccessRecord): void {
    const config = this.#config;
    if (!config) return;
    if (config.sample > 1 && record.status < 500 && record.termination.startsWith('--')) {
      this.#count += 1;
      if (this.#count % config.sample !== 0) return;
    }
    const text = formatAccess(record, config.format);
    const head = this.#needsHead ? syslogHead(config.facility, 'info', Date.now(), config.tag, process.pid) : '';
    for (const { sink } of this.#sinks) sink.line(text, head);
  }

  /** Values of the captured headers in header lines; undefined if there are none to capture. */
  captured(which: 'request' | 'response', value: (name: string) => string | undefined): readonly string[] | undefined {
    const config = this.#config;
    const names = which === 'request' ? config?.captureRequest : config?.captureResponse;
    if (!config || !names || names.length === 0) return undefined;
    return names.map((name) => (value(name) ?? '').slice(0, config.captureLength));
  }

  async close(): Promise<void> {
    await Promise.all(this.#sinks.map(({ sink }) => sink.close()));
  }
}

/** Finds a value in header lines by lower-case name. */
export function inLines(fields: string): (name: string) => string | undefined {
  return (name) => fieldValue(fields, name);
}
