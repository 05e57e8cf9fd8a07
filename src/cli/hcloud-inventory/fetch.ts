// Servers of a project, asked for while everything else waits.
import { spawnSync } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Network, Server } from '../../infra/hetzner-cloud/types.ts';
import { VezaError } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';

export interface Question {
  readonly token: string;
  readonly endpoint?: string;
  /** Of labels; empty: all. */
  readonly selector: string;
  /** Whether the networks are wanted too. */
  readonly networks: boolean;
}

export type Answer =
  | { readonly servers: readonly Server[]; readonly networks: readonly Network[] }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } };

const program = fileURLToPath(new URL(`./ask${extname(import.meta.url)}`, import.meta.url));

/** Throws VezaError: what the service says, or `timeout`. */
export function fetchServers(question: Question): Extract<Answer, { servers: unknown }> {
  const { stdout, stderr, status, error } = spawnSync(process.execPath, [program], {
    input: JSON.stringify(question),
    encoding: 'utf8',
    timeout: limits.inventoryProgramMs,
    killSignal: 'SIGKILL',
    maxBuffer: 8 * limits.sourceFileBytes,
  });
  if (error && 'code' in error && error.code === 'ETIMEDOUT')
    throw new VezaError('timeout', `hcloud API: no answer within ${limits.inventoryProgramMs / 1000} s`);
  if (error ?? status !== 0)
    throw new VezaError('inventory-program', `asking Hetzner Cloud failed: ${error?.message ?? stderr.trim()}`);
  const answer = JSON.parse(stdout) as Answer;
  if ('servers' in answer) return answer;
  const { code, message, hint } = answer.error;
  throw new VezaError(code, message, hint === undefined ? {} : { hint });
}
