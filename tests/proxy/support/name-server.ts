// A DNS server for tests: it says what it is told to, or nothing.
import { Packet, UDPServer } from 'dns2';
import { once } from 'node:events';

type Records = Readonly<
  Record<string, readonly string[] | readonly { readonly target: string; readonly port: number }[]>
>;

export class NameServer implements Disposable {
  /** Addresses by name, or targets of a service. A name that is not there does not exist. */
  records: Records = {};
  /** It takes questions, and says nothing. */
  silent = false;
  ttl = 1;
  readonly #server = new UDPServer({ type: 'udp4' });

  /** Resolves to its address, as a configuration names it. */
  async start(): Promise<string> {
    this.#server.on('request', (request, send) => {
      if (!this.silent) void send(this.#answer(request));
    });
    this.#server.bind({ port: 0, address: '127.0.0.1' });
    await once(this.#server, 'listening');
    return `127.0.0.1:${this.#server.address().port}`;
  }

  [Symbol.dispose](): void {
    this.#server.close();
  }

  #answer(request: Packet): Packet {
    const response = Packet.createResponseFromRequest(request);
    const [question] = request.questions;
    const name = question?.name ?? '';
    const found = this.records[name];
    // 3: there is no such name.
    if (!found) response.header.rcode = 3;
    const base = { name, class: Packet.CLASS.IN, ttl: this.ttl };
    for (const each of found ?? []) {
      const isAddress = typeof each === 'string';
      const type = isAddress ? (each.includes(':') ? Packet.TYPE.AAAA : Packet.TYPE.A) : Packet.TYPE.SRV;
      if (type !== question?.type) continue;
      const data = isAddress ? { address: each } : { target: each.target, port: each.port, priority: 0, weight: 0 };
      response.answers.push(new Packet.Resource({ ...base, type, ...data }));
    }
    return response;
  }
}
