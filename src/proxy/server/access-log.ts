// The access log of a worker: one line for each request to each target. Never in the way of traffic.
import { messageOf } from '../../lib/errors.ts';
import { fieldValue } from '../core/http/scan.ts';
import type { LogConfig } from '../core/config/model.ts';
import { formatAccess } from '../core/logging/access-format.ts';
import type { AccessRecord } from '../core/logging/access-record.ts';
import { mask, syslogHead } from '../core/logging/entry.ts';
import { Mask } from '../core/logging/mask.ts';
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
  #mask = new Mask([]);
  readonly #reopening: Promise<void>[] = [];
  #failed = false;
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
    this.#mask = new Mask(config.mask);
    this.#reopening.length = 0;
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
      if (known) this.#reopening.push(known.reopen());
      const sink = known ?? openSink(target);
      if (sink instanceof SyslogSocketSink) sink.tag = tag;
      return sink;
    } catch (error) {
      process.stderr.write(`cannot open the access log: ${messageOf(error)}\n`);
      this.#failed = true;
      return known;
    }
  }

  /** Resolves when nothing is written to renamed files any more; false if a file could not be opened again. */
  async reopen(): Promise<boolean> {
    this.#failed = false;
    if (this.#config) this.configure(this.#config);
    const failed = this.#failed;
    await Promise.all(this.#reopening.splice(0));
    return !failed;
  }

  write(record: AccessRecord): void {
    const config = this.#config;
    if (!config) return;
    const { requests, sample } = config.frontends[record.frontend] ?? config;
    if (requests !== 'all' || sample > 1) {
      if (requests === 'none') return;
      if (record.status < 500 && record.termination.startsWith('--')) {
        if (requests === 'failed') return;
        this.#count += 1;
        if (this.#count % sample !== 0) return;
      }
    }
    const text = formatAccess(this.#masked(record), config.format);
    const head = this.#needsHead ? syslogHead(config.facility, 'info', Date.now(), config.tag, process.pid) : '';
    for (const { sink } of this.#sinks) sink.line(text, head);
  }

  /** Values of the captured headers in header lines; undefined if there are none to capture. */
  captured(which: 'request' | 'response', value: (name: string) => string | undefined): readonly string[] | undefined {
    const config = this.#config;
    const names = which === 'request' ? config?.captureRequest : config?.captureResponse;
    if (!config || !names || names.length === 0) return undefined;
    return names.map((name) => {
      const found = value(name) ?? '';
      return found !== '' && this.#mask.hides(name) ? mask : found.slice(0, config.captureLength);
    });
  }

  #masked(record: AccessRecord): AccessRecord {
    const { target, referer } = record;
    if (!target.includes('?') && !referer.includes('?')) return record;
    return { ...record, target: this.#mask.inUrl(target), referer: this.#mask.inUrl(referer) };
  }

  async close(): Promise<void> {
    await Promise.all(this.#sinks.map(({ sink }) => sink.close()));
  }
}

/** Finds a value in header lines by lower-case name. */
export function inLines(fields: string): (name: string) => string | undefined {
  return (name) => fieldValue(fields, name);
}
