// The master's listening sockets: bound here or passed by systemd, held open for the life of the process, handed to
// workers, which accept on them. The master itself never accepts.
import { lstatSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import { bindHint } from './bind-hint.ts';
import type { Bind } from '../core/config/model.ts';
import { VezaError } from '../../lib/errors.ts';

/** A bound socket that nobody reads yet: what child.send() can pass on. */
export interface ListeningHandle {
  readonly fd: number;
  close(): void;
  getsockname?(into: { address?: string; port?: number }): number;
}

/**
 * What node:cluster itself binds with. A net.Server cannot be used: it accepts as soon as it listens, and connections
 * that the master took would be lost to the workers.
 */
const { _createServerHandle: createHandle } = net as unknown as {
  readonly _createServerHandle: (
    address: string | null,
    port: number,
    type: number,
    fd?: number,
  ) => ListeningHandle | number;
};

export class ListeningSockets {
  readonly #open = new Map<string, ListeningHandle>();
  readonly #passed: ListeningHandle[];
  /** True when systemd holds the sockets too. */
  readonly activated: boolean;

  constructor(environment: NodeJS.ProcessEnv) {
    const count = Number(environment['LISTEN_PID']) === process.pid ? Number(environment['LISTEN_FDS'] ?? 0) : 0;
    this.#passed = Array.from({ length: count }, (_, index) => createHandle(null, 0, -1, 3 + index)).filter(
      (handle) => typeof handle !== 'number',
    );
    this.activated = this.#passed.length > 0;
  }

  /** Sockets of systemd that no bind asked for: nobody will ever answer on them. */
  get unused(): number {
    return this.#passed.length;
  }

  get(id: string): ListeningHandle | undefined {
    return this.#open.get(id);
  }

  /** Opens what is new; on failure closes what it opened and throws, so that a bad reload changes nothing. */
  open(binds: readonly Bind[]): void {
    const opened: string[] = [];
    for (const bind of binds) {
      if (this.#open.has(bind.id)) continue;
      try {
        this.#open.set(bind.id, this.#handleOf(bind));
        opened.push(bind.id);
      } catch (error) {
        for (const id of opened) this.close(id);
        throw error;
      }
    }
  }

  /** Ids of sockets that are open but not wanted. */
  surplus(binds: readonly Bind[]): string[] {
    return [...this.#open.keys()].filter((id) => !binds.some((bind) => bind.id === id));
  }

  close(id: string): void {
    this.#open.get(id)?.close();
    this.#open.delete(id);
  }

  closeAll(): void {
    for (const id of [...this.#open.keys()]) this.close(id);
  }

  #handleOf(bind: Bind): ListeningHandle {
    const passed = this.#passed.findIndex((handle) => sameAddress(handle, bind));
    if (passed >= 0) {
      const [handle] = this.#passed.splice(passed, 1);
      if (handle) return handle;
    }
    if (bind.kind === 'unix') removeStale(bind.path);
    const handle = bind.kind === 'unix' ? createHandle(bind.path, -1, -1) : bindTcp(bind.host, bind.port);
    if (typeof handle !== 'number' && isBound(handle, bind)) return handle;
    if (typeof handle !== 'number') handle.close();
    const code = typeof handle === 'number' ? codeOf(handle) : 'EADDRINUSE';
    throw new VezaError('cannot-bind', `cannot listen on ${bind.id}: ${code}`, {
      hint: bindHint(bind, code),
    });
  }
}

function bindTcp(host: string, port: number): ListeningHandle | number {
  const handle = createHandle(host, port, host.includes(':') ? 6 : 4);
  // A kernel without IPv6 refuses `::`, which means every address.
  return typeof handle === 'number' && host === '::' && codeOf(handle) !== 'EADDRINUSE'
    ? createHandle('0.0.0.0', port, 4)
    : handle;
}

/** An address in use may show only in listen(), which then takes any free port: net.js itself looks at the port for that. */
function isBound(handle: ListeningHandle, bind: Bind): boolean {
  if (bind.kind === 'unix' || bind.port === 0) return true;
  const name: { address?: string; port?: number } = {};
  return handle.getsockname?.(name) === 0 && name.port === bind.port;
}

function codeOf(status: number): string {
  const known: Readonly<Record<number, string>> = { [-98]: 'EADDRINUSE', [-13]: 'EACCES', [-99]: 'EADDRNOTAVAIL' };
  return known[status] ?? `error ${status}`;
}

/** systemd's `ListenStream=80` is `[::]:80`; `0.0.0.0` serves for `*` too. */
function sameAddress(handle: ListeningHandle, bind: Bind): boolean {
  if (bind.kind === 'unix') return false;
  const name: { address?: string; port?: number } = {};
  if (handle.getsockname?.(name) !== 0 || name.port !== bind.port) return false;
  return name.address === bind.host || (bind.host === '::' && name.address === '0.0.0.0');
}

/** Removes a socket that a process which is gone left behind; never a file. */
export function removeStale(path: string): void {
  try {
    if (lstatSync(path).isSocket()) unlinkSync(path);
  } catch {
    // Nothing there: fine. Anything else shows when binding fails.
  }
}
