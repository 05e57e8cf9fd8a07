// Asks the agents beside the servers how these are: each on its own timer, one question at a time.
import { connect } from 'node:net';
import { type AgentReport, parseAgentReport } from '../core/agent.ts';
import type { AgentConfig } from '../core/config/model.ts';
import type { ServerRecord } from '../core/server-record.ts';

/** An agent that says no line for this long says nothing. */
const agentTimeoutMs = 2000;
/** Its line is short. */
const maxAgentBytes = 1024;

type Listener = (record: ServerRecord, report: AgentReport) => void;

export class AgentChecker {
  readonly #timers = new Map<ServerRecord, NodeJS.Timeout>();
  readonly #listener: Listener;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  /** Asks exactly the agents of these from now on. */
  sync(records: readonly ServerRecord[]): void {
    for (const [record, timer] of this.#timers) {
      if (records.includes(record) && record.config.check?.agent) continue;
      clearTimeout(timer);
      this.#timers.delete(record);
      record.agent = undefined;
    }
    for (const record of records) {
      if (record.config.check?.agent && !this.#timers.has(record)) this.#schedule(record, 0);
    }
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #schedule(record: ServerRecord, delayMs: number): void {
    this.#timers.set(
      record,
      setTimeout(() => void this.#ask(record), delayMs),
    );
  }

  async #ask(record: ServerRecord): Promise<void> {
    const agent = record.config.check?.agent;
    if (!agent) return;
    // As with HAProxy an agent that cannot be reached says nothing: the check of the server itself counts.
    const place = agent.address === record.config.address ? { address: record.address } : {};
    const report = record.isUnresolved || !record.asking ? undefined : await askAgent({ ...agent, ...place });
    if (!this.#timers.has(record)) return;
    if (report) this.#listener(record, report);
    this.#schedule(record, agent.interMs);
  }
}

/** One question; undefined without an answer that means something. Never rejects. */
function askAgent(agent: AgentConfig): Promise<AgentReport | undefined> {
  const { promise, resolve } = Promise.withResolvers<AgentReport | undefined>();
  const socket = connect({ host: agent.address, port: agent.port });
  let text = '';
  const finish = (): void => {
    clearTimeout(timer);
    socket.destroy();
    resolve(parseAgentReport(text));
  };
  const timer = setTimeout(finish, agentTimeoutMs);
  socket.on('connect', () => {
    if (agent.send !== '') socket.write(agent.send, 'latin1');
  });
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
    if (text.includes('\n') || text.length > maxAgentBytes) finish();
  });
  socket.on('end', finish);
  socket.on('error', finish);
  return promise;
}
