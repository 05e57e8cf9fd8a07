// Compares what the backends executed with what the clients were told: nothing twice, nothing made up.
import { VezaError } from '../lib/errors.ts';
import { newAgent, send } from './http-client.ts';
import type { RequestRecord } from './load.ts';
import type { Address, BackendExecutions, ExecutionsReport } from './model.ts';

const timeoutMs = 10_000;

/** Asks one demo backend directly, not through the balancer. Throws VezaError when it does not answer. */
export async function fetchExecutions(address: Address, prefix: string): Promise<BackendExecutions> {
  const path = `/__demo/executions?prefix=${encodeURIComponent(prefix)}`;
  const agent = newAgent();
  const outcome = await send(address, { method: 'GET', path, headers: {}, body: null }, { agent, timeoutMs });
  agent.destroy();
  if (outcome.kind === 'answered' && outcome.status === 200) return parse(outcome.body.toString());
  const problem = outcome.kind === 'failed' ? outcome.reason : `status ${outcome.status}`;
  throw new VezaError('no-executions', `${address.host}:${address.port} does not tell its executions: ${problem}`);
}

/** Pure. Only POSTs matter: everything else may be repeated. */
export function compareExecutions(
  records: readonly RequestRecord[],
  backends: readonly BackendExecutions[],
): ExecutionsReport {
  const counts = new Map<string, number>();
  for (const { executions } of backends) {
    for (const { id, count } of executions) counts.set(id, (counts.get(id) ?? 0) + count);
  }
  const posts = records.filter((record) => record.kind === 'post' || record.kind === 'post-with-key');
  const plain = posts.filter((record) => record.kind === 'post');
  const countOf = (record: RequestRecord): number => counts.get(record.id) ?? 0;
  const failed = plain.filter((record) => record.problem !== null);
  return {
    requests: posts.length,
    executed: posts.reduce((sum, record) => sum + countOf(record), 0),
    duplicates: plain.filter((record) => countOf(record) > 1).map((record) => record.id),
    missing: posts.filter((record) => record.problem === null && countOf(record) === 0).map((record) => record.id),
    repeatedWithKey: posts.filter((record) => record.kind === 'post-with-key' && countOf(record) > 1).length,
    failedButExecuted: failed.filter((record) => countOf(record) > 0).length,
    failedAndNotExecuted: failed.filter((record) => countOf(record) === 0).length,
  };
}

function parse(text: string): BackendExecutions {
  const value: unknown = JSON.parse(text);
  if (!isBackendExecutions(value)) throw new VezaError('no-executions', 'the answer is not a list of executions');
  return value;
}

function isBackendExecutions(value: unknown): value is BackendExecutions {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    'executions' in value &&
    Array.isArray(value.executions)
  );
}
