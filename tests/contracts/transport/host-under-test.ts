// A host as the contract of transports meets it: one session, and a folder that both sides see.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch, Identity, Session, Step, StepResult } from '../../../src/engine/ports.ts';
import type { LocalFile } from '../../../src/lib/shell.ts';

export interface TransportUnderTest extends AsyncDisposable {
  connect(): Promise<Session>;
  /** Breaks every connection as a pulled cable or a dead server would; absent where there is nothing to cut. */
  readonly cut?: () => void | Promise<void>;
}

interface StepOptions {
  readonly timeoutMs?: number;
  readonly stdin?: Uint8Array | LocalFile;
}

const login: Identity = { user: null, method: 'sudo' };

/** A step; 15 s are far above what any of them needs. */
export function step(text: string, { timeoutMs = 15_000, stdin }: StepOptions = {}): Step {
  return { script: stdin === undefined ? { text } : { text, stdin }, timeoutMs };
}

export function runSteps(session: Session, steps: Step[], more: Partial<Batch> = {}): Promise<readonly StepResult[]> {
  return session.run({ identity: login, haltOnFailure: false, steps, ...more });
}

export class HostUnderTest implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'veza-contract-'));
  readonly transport: TransportUnderTest;
  session: Session;

  private constructor(transport: TransportUnderTest, session: Session) {
    this.transport = transport;
    this.session = session;
  }

  static async start(start: () => Promise<TransportUnderTest>): Promise<HostUnderTest> {
    const transport = await start();
    return new HostUnderTest(transport, await transport.connect());
  }

  run(steps: Step[], more?: Partial<Batch>): Promise<readonly StepResult[]> {
    return runSteps(this.session, steps, more);
  }

  async one(text: string, more?: StepOptions): Promise<StepResult> {
    const [result] = await this.run([step(text, more)]);
    if (!result) throw new Error('no result');
    return result;
  }

  /** Another session after the connection was lost. */
  async reconnect(): Promise<void> {
    await this.session[Symbol.asyncDispose]();
    this.session = await this.transport.connect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session[Symbol.asyncDispose]();
    await this.transport[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
