// The access log of a worker: one line for each request to each target. Never in the way of traffic.
import { hostname } from 'node:os';
import { messageOf } from '../../lib/errors.ts';
import { fieldValue } from '../core/http/scan.ts';
import type { LogConfig } from '../core/config/model.ts';
import { formatNames, formatterOf } from '../core/logging/access-format.ts';
import type { AccessExtra, AccessRecord } from '../core/logging/access-record.ts';
import { type Capture, capturedCookie, setCookies } from '../core/logging/capture.ts';
import { syslogHead } from '../core/logging/entry.ts';
import type { LogFormat } from '../core/logging/log-format.ts';
import type { LogTarget } from '../core/logging/target.ts';
import type { Incoming } from '../core/handling/incoming.ts';
import { type ResponseFacts, Template } from '../core/handling/template.ts';
import type { Client } from './client.ts';
import type { Exchange } from './exchange.ts';
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
    const text = this.#format.format(record);
    const head = this.#needsHead ? syslogHead(config.facility, 'info', Date.now(), config.tag, process.pid) : '';
    for (const { sink } of this.#sinks) sink.line(text, head);
  }

  /** Captured values; undefined if there are none to capture. `incoming`: undefined where no request was understood. */
  captured(
    which: 'request' | 'response',
    value: (name: string) => string | undefined,
    incoming?: Incoming,
  ): readonly string[] | undefined {
    return this.#captures[which]?.map(({ header, template, length }) => {
      const found = template ? incoming && template.fill(incoming) : value(header);
      return (found ?? '').slice(0, length);
    });
  }

  /** What only some formats ask for; undefined where none of them is used. */
  extra(client: Client, incoming: Incoming | undefined, exchange: Exchange | undefined): AccessExtra | undefined {
    if (!this.#isRich) return undefined;
    const cookie = this.#config?.captureCookie;
    const server = exchange?.server;
    const facts = exchange && responseFacts(exchange);
    return {
      requestCookie: cookie && incoming ? capturedCookie([incoming.head.cookie], cookie) : '',
      responseCookie: cookie && exchange ? capturedCookie(setCookies(exchange.response.fields), cookie) : '',
      localAddress: client.localAddress,
      localPort: client.localPort,
      serverAddress: server?.config.address ?? '',
      serverPort: server?.config.port ?? 0,
      texts: this.#texts.map((template) => (incoming ? template.fill(incoming, facts) : '')),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#sinks.map(({ sink }) => sink.close()));
  }
}

/** Finds a value in header lines by lower-case name. */
export function inLines(fields: string): (name: string) => string | undefined {
  return (name) => fieldValue(fields, name);
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

function responseFacts({ response, backend, server, attempts }: Exchange): ResponseFacts {
  return {
    status: response.status,
    backend: backend.config.name,
    server: server?.config.name ?? '',
    attempt: attempts,
  };
}
