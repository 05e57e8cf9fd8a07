// The access log of a worker: one line for each request to each target. Never in the way of traffic.
import { hostname } from 'node:os';
import { messageOf } from '../../lib/errors.ts';
import type { RequestHead } from '../core/http/request-head.ts';
import { fieldValue } from '../core/http/scan.ts';
import type { LogConfig } from '../core/config/model.ts';
import { formatNames, formatterOf } from '../core/logging/access-format.ts';
import type { AccessExtra, AccessRecord } from '../core/logging/access-record.ts';
import { type Capture, capturedCookie, setCookies } from '../core/logging/capture.ts';
import { mask, syslogHead } from '../core/logging/entry.ts';
import type { LogFormat } from '../core/logging/log-format.ts';
import { Mask } from '../core/logging/mask.ts';
import type { LogTarget } from '../core/logging/target.ts';
import type { Incoming } from '../core/handling/incoming.ts';
import { Template } from '../core/handling/template.ts';
import type { Client } from './client.ts';
import type { Exchange } from './exchange.ts';
import { factsOf } from './exchange-log.ts';
import { type LogSink, openSink, SyslogSocketSink } from './log-sinks.ts';

export class AccessLog {
  enabled = false;
  #config: LogConfig | undefined;
  #sinks: { readonly key: string; readonly sink: LogSink }[] = [];
  /** Of sinks that are closed. */
  #droppedBefore = 0;
  #count = 0;
  #needsHead = false;
  #format: LogFormat = { format: () => '', texts: [] };
  #captures: Record<'request' | 'response', readonly Captured[] | undefined> = {
    request: undefined,
    response: undefined,
  };
  #texts: readonly Template[] = [];
  /** Formats or captures ask for more than what every line has. */
  #isRich = false;
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
    return this.#config?.format === 'clf' || this.#config?.format === 'json';
  }

  /** Takes new settings; sinks whose target stays are opened again. What fails stays as it was: traffic matters more. */
  configure(config: LogConfig): void {
    this.#config = config;
    this.#format = formatterOf(config.format, { host: hostname(), pid: process.pid });
    this.#captures = { request: compiled(config.captureRequest), response: compiled(config.captureResponse) };
    this.#texts = this.#format.texts.map((text) => new Template(text));
    this.#isRich = config.captureCookie !== undefined || !formatNames.includes(config.format);
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
    const text = this.#format.format(this.#masked(record));
    const head = this.#needsHead ? syslogHead(config.facility, 'info', Date.now(), config.tag, process.pid) : '';
    for (const { sink } of this.#sinks) sink.line(text, head);
  }

  /**
   * Captured values of a request, or of the header lines of a response; undefined if there are none to capture.
   * `incoming`: undefined where no request was understood.
   */
  captured(
    which: 'request' | 'response',
    from: RequestHead | string | undefined,
    incoming: Incoming | undefined,
  ): readonly string[] | undefined {
    return this.#captures[which]?.map(({ header, template, length }) => {
      const found = (template ? incoming && template.fill(incoming) : valueIn(from, header)) ?? '';
      return found !== '' && this.#mask.hides(header) ? mask : found.slice(0, length);
    });
  }

  /** What only some formats ask for; undefined where none of them is used. */
  extra(client: Client, incoming: Incoming | undefined, exchange: Exchange | undefined): AccessExtra | undefined {
    if (!this.#isRich) return undefined;
    const cookie = this.#config?.captureCookie;
    const server = exchange?.server;
    const facts = exchange && factsOf(exchange);
    return {
      requestCookie: cookie && incoming ? capturedCookie([incoming.head.cookie], cookie) : '',
      responseCookie: cookie && exchange ? capturedCookie(setCookies(exchange.response.fields), cookie) : '',
      localAddress: client.from.localAddress,
      localPort: client.from.localPort,
      serverAddress: server?.address ?? '',
      serverPort: server?.port ?? 0,
      texts: this.#texts.map((template) => (incoming ? template.fill(incoming, facts) : '')),
    };
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

/** A value by lower-case name. */
function valueIn(from: RequestHead | string | undefined, name: string): string | undefined {
  if (from === undefined) return undefined;
  if (typeof from === 'string') return fieldValue(from, name);
  // The parser keeps these apart from the other lines.
  if (name === 'host') return from.host;
  if (name === 'cookie') return from.cookie;
  if (name === 'x-forwarded-for') return from.forwardedFor;
  return fieldValue(from.fields, name);
}

interface Captured {
  readonly header: string;
  readonly template: Template | undefined;
  readonly length: number;
}

function compiled(captures: readonly Capture[]): readonly Captured[] | undefined {
  if (captures.length === 0) return undefined;
  return captures.map(({ header, text, length }) => ({
    header,
    template: text === '' ? undefined : new Template(text),
    length,
  }));
}
