// What a worker accepts on: sockets of the master, each for a frontend. A frontend that is full accepts no more, so that who
// comes waits in the queue of the kernel, or is taken by another worker.
import { createServer, type Server } from 'node:net';
import type { ProxyConfig } from '../core/config/model.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { FromWorker } from './ipc.ts';
import type { WorkerContext } from './worker-context.ts';

/** As many who connect may wait in the kernel. */
const backlog = 4096;

export class Listeners {
  readonly #open = new Map<string, Server>();
  /** Closed until the frontend has room again. */
  readonly #paused = new Set<string>();
  /** Which frontend a socket belongs to; a reload may move it. */
  readonly #frontendOf = new Map<string, FrontendRuntime>();
  readonly #context: WorkerContext;
  readonly #send: (message: FromWorker) => void;

  constructor(context: WorkerContext, send: (message: FromWorker) => void) {
    this.#context = context;
    this.#send = send;
  }

  /** What still listens belongs to whom it did, until the master says that it goes. */
  assign({ frontends }: ProxyConfig, find: (name: string) => FrontendRuntime | undefined): void {
    for (const bind of this.#frontendOf.keys())
      if (!this.#open.has(bind) && !this.#paused.has(bind)) this.#frontendOf.delete(bind);
    for (const { name, binds } of frontends) {
      const frontend = find(name);
      if (frontend) for (const bind of binds) this.#frontendOf.set(bind.id, frontend);
    }
  }

  open(bind: string, handle: unknown): void {
    const frontend = this.#frontendOf.get(bind);
    // There are more workers than clients may come.
    if (frontend?.slots === 0) this.#paused.add(bind);
    // A configuration that was taken back left it open; or it is full since the socket was asked for.
    if (this.#open.has(bind) || (this.#paused.has(bind) && frontend?.isFull === true)) {
      (handle as { close?: () => void } | undefined)?.close?.();
      return;
    }
    this.#paused.delete(bind);
    const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
      const owner = this.#frontendOf.get(bind);
      if (owner) owner.accept(socket, bind, this.#context);
      else socket.destroy();
    });
    server.listen(handle, backlog);
    server.on('error', (error) => process.stderr.write(`cannot listen on ${bind}: ${error.message}\n`));
    server.on('listening', () => this.#send({ type: 'listening', bind }));
    this.#open.set(bind, server);
  }

  close(bind: string): void {
    this.#open.get(bind)?.close();
    this.#open.delete(bind);
    this.#paused.delete(bind);
    this.#frontendOf.delete(bind);
  }

  closeAll(): void {
    for (const server of this.#open.values()) server.close();
    this.#open.clear();
    this.#paused.clear();
  }

  /** The frontend is full: the kernel keeps who comes. */
  pause(frontend: FrontendRuntime): void {
    for (const [bind, server] of this.#open) {
      if (this.#frontendOf.get(bind) !== frontend) continue;
      server.close();
      this.#open.delete(bind);
      this.#paused.add(bind);
    }
  }

  /** It has room again: the master has the sockets. */
  resume(frontend: FrontendRuntime, worker: number): void {
    if (this.#context.stopping) return;
    for (const bind of this.#paused)
      if (this.#frontendOf.get(bind) === frontend) this.#send({ type: 'listen-again', worker, bind });
  }
}
