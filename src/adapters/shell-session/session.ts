// The Session port on top of any transport that can open channels: shells by identity, batches, time limits, cancellation.
import { VezaError } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import { quote } from '../../lib/shell.ts';
import { type Batch, type Identity, identityKey, type Session, type StepResult } from '../../engine/ports.ts';
import type { DuplexStream } from '../../core/module.ts';
import type { OpenChannel } from './channel.ts';
import { type StartedProgram, startProgram } from './identity.ts';
import { MessageRun } from './message-run.ts';
import { newNonce } from './marks.ts';
import { killProgram } from './program.ts';
import { PersistentShell } from './shell.ts';

export interface SessionParts {
  readonly open: OpenChannel;
  readonly loginUser: string;
  readonly startTimeoutMs?: number;
  /** Another POSIX shell than /bin/sh. */
  readonly shellPath?: string;
  dial: Session['dial'];
  /** The error that tells why the connection is gone. */
  lost(): VezaError;
  close(): Promise<void>;
}

const loginIdentity: Identity = { user: null, method: 'sudo' };

export class ShellSession implements Session {
  readonly #parts: SessionParts;
  readonly #shells = new Map<string, PersistentShell>();
  readonly #queues = new Map<string, Promise<unknown>>();
  /** Identities that got a second channel. */
  readonly #fed = new Set<string>();
  #roundTrips = 0;
  #isClosed = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  get roundTrips(): number {
    return this.#roundTrips;
  }

  run(batch: Batch): Promise<readonly StepResult[]> {
    const identity = this.#effective(batch.identity);
    const key = identityKey(identity);
    // A shell does one thing at a time; other identities' shells go on meanwhile.
    const turn = (this.#queues.get(key) ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#run(batch, identity));
    this.#queues.set(key, turn);
    return turn;
  }

  dial(host: string, port: number, options: Parameters<Session['dial']>[2]): Promise<DuplexStream> {
    return this.#parts.dial(host, port, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const shell of this.#shells.values()) shell.close();
    this.#shells.clear();
    await this.#parts.close();
  }

  /** Runs messages until every step has a result; more than one only if a step ended the shell itself. */
  async #run(batch: Batch, identity: Identity): Promise<readonly StepResult[]> {
    const results: StepResult[] = [];
    while (results.length < batch.steps.length) {
      throwIfCancelled(batch.signal);
      const shell = await this.#shell(identity);
      throwIfCancelled(batch.signal);
      this.#roundTrips += 1;
      const run = new MessageRun(batch, results, shell, {
        hasFed: this.#fed.has(identityKey(identity)),
        startFeeder: async (program) => {
          const started = await this.#start(identity, program);
          this.#fed.add(identityKey(identity));
          return started;
        },
        countFeed: () => (this.#roundTrips += 1),
        kill: (pid) => this.#kill(identity, pid),
        lost: () => this.#lost(),
      });
      try {
        const finished = await run.finish();
        if (finished) break;
      } catch (error) {
        this.#drop(identity, shell);
        throw error;
      }
      this.#drop(identity, shell);
    }
    return results;
  }

  async #shell(identity: Identity): Promise<PersistentShell> {
    const key = identityKey(identity);
    const known = this.#shells.get(key);
    if (known && !known.isOver) return known;
    const started = await this.#start(identity, `exec ${quote(this.#shellPath)}`);
    const shell = new PersistentShell(started, newNonce());
    this.#shells.set(key, shell);
    return shell;
  }

  #drop(identity: Identity, shell: PersistentShell): void {
    shell.close();
    this.#shells.delete(identityKey(identity));
  }

  #start(identity: Identity, program: string): Promise<StartedProgram> {
    if (this.#isClosed) return Promise.reject(this.#lost());
    const { open, startTimeoutMs: timeoutMs = limits.connectTimeoutMs } = this.#parts;
    return startProgram({
      open,
      identity,
      program,
      shellPath: this.#shellPath,
      timeoutMs,
      lost: () => this.#parts.lost(),
    });
  }

  /** Kills a process and its descendants through a channel of its own; resolves when it is done. */
  async #kill(identity: Identity, pid: number): Promise<void> {
    const { channel } = await this.#start(identity, `exec ${quote(this.#shellPath)}`);
    channel.stdin.on('error', () => undefined);
    channel.stdout.resume();
    channel.stderr.resume();
    channel.stdin.end(killProgram(pid));
    await channel.ended;
    channel.close();
  }

  #lost(): VezaError {
    return this.#isClosed ? new VezaError('unreachable', 'the session was closed') : this.#parts.lost();
  }

  get #shellPath(): string {
    return this.#parts.shellPath ?? '/bin/sh';
  }

  /** Becoming who one already is would only cost a login (Ansible skips it too). */
  #effective(identity: Identity): Identity {
    return identity.user === null || identity.user === this.#parts.loginUser ? loginIdentity : identity;
  }
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new VezaError('cancelled', 'cancelled');
}
