// Messages of the master for a worker, in their order: those behind a configuration whose plugins are being loaded wait.
import { messageOf } from '../../lib/errors.ts';
import type { FromWorker, ToWorker } from './ipc.ts';
import type { PluginRegistry } from './plugins/plugin-registry.ts';

type Letter = readonly [message: ToWorker, handle: unknown];

export class Inbox {
  readonly #plugins: PluginRegistry;
  readonly #receive: (message: ToWorker, handle: unknown) => void;
  readonly #send: (message: FromWorker) => void;
  #waiting: Letter[] = [];
  #loading = false;

  constructor(
    plugins: PluginRegistry,
    receive: (message: ToWorker, handle: unknown) => void,
    send: (message: FromWorker) => void,
  ) {
    this.#plugins = plugins;
    this.#receive = receive;
    this.#send = send;
  }

  add(message: ToWorker, handle: unknown): void {
    this.#waiting.push([message, handle]);
    if (!this.#loading) this.#next();
  }

  #next(): void {
    for (let letter = this.#waiting.shift(); letter; letter = this.#waiting.shift()) {
      const [message, handle] = letter;
      if (message.type === 'configure' && this.#plugins.needs(message.config)) {
        this.#loading = true;
        void this.#load(message);
        return;
      }
      this.#receive(message, handle);
    }
  }

  async #load(message: ToWorker & { readonly type: 'configure' }): Promise<void> {
    try {
      await this.#plugins.prepare(message.config);
      this.#receive(message, undefined);
    } catch (error) {
      const { worker, generation } = message;
      this.#send({ type: 'failed', worker, generation, message: messageOf(error) });
    }
    this.#loading = false;
    this.#next();
  }
}
