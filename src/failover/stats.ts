// Reads `show stat` of a balancer that speaks HAProxy's stats protocol, and finds servers in the CSV.
import { connect } from 'node:net';
import { VezaError } from '../lib/errors.ts';
import type { Address } from './model.ts';

export type StatsQuery = (command: string) => Promise<string>;

export interface ServerState {
  readonly name: string;
  readonly status: string;
  /** How often it went from UP to DOWN: shows an outage that began and ended between two looks. */
  readonly timesDown: number;
  /** Of the slow start; null when it is not in one. */
  readonly throttlePercent: number | null;
  /** What the last check said; may be empty. */
  readonly lastCheck: string;
}

const timeoutMs = 3000;
const maxAnswerBytes = 8 * 1024 * 1024;

/** One command, one answer, one connection: as the socket protocol wants it. */
export function socketStats(address: Address): StatsQuery {
  return (command) =>
    new Promise((resolve, reject) => {
      const socket = connect(address.port, address.host);
      const chunks: Buffer[] = [];
      let size = 0;
      socket.setTimeout(timeoutMs, () => socket.destroy(new Error('the stats socket does not answer')));
      socket.on('connect', () => socket.write(`${command}\n`));
      socket.on('data', (chunk) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > maxAnswerBytes) socket.destroy(new Error('the answer of the stats socket is too large'));
      });
      socket.on('error', reject);
      socket.on('end', () => {
        socket.end();
        resolve(Buffer.concat(chunks).toString());
      });
    });
}

/** The servers of one pool. Throws VezaError when the text is no stats CSV or has no such pool. */
export function serversOf(csv: string, pool: string): ServerState[] {
  const lines = csv.split('\n').filter((line) => line.trim() !== '');
  const names = (lines[0] ?? '').replace(/^# /, '').split(',');
  const at = (name: string): number => names.indexOf(name);
  const [poolAt, serverAt, statusAt] = [at('pxname'), at('svname'), at('status')];
  if (poolAt < 0 || serverAt < 0 || statusAt < 0)
    throw new VezaError('bad-stats', 'the answer is not the CSV of `show stat`');
  const rows = lines.slice(1).map((line) => line.split(','));
  const servers = rows.filter((row) => row[poolAt] === pool && !['FRONTEND', 'BACKEND'].includes(row[serverAt] ?? ''));
  if (servers.length === 0) {
    const pools = [...new Set(rows.map((row) => row[poolAt]))].join(', ');
    throw new VezaError('unknown-pool', `the stats have no pool ${pool}`, { hint: `It has: ${pools}.` });
  }
  return servers.map((row) => ({
    name: row[serverAt] ?? '',
    status: row[statusAt] ?? '',
    timesDown: Number(row[at('chkdown')] ?? 0),
    throttlePercent: row[at('throttle')] ? Number(row[at('throttle')]) : null,
    lastCheck: row[at('last_chk')] ?? '',
  }));
}

/** `UP`, also `UP 1/3` (going down, still used). */
export function isUp(state: ServerState): boolean {
  return /^UP\b/.test(state.status);
}

/** `DOWN`, also `DOWN 1/2` (going up, not used yet). */
export function isDown(state: ServerState): boolean {
  return /^DOWN\b/.test(state.status);
}

/** The state of a pool for people, a line a server; the text itself when it is no stats CSV of that pool. */
export function describeStates(csv: string, pool: string): string[] {
  try {
    return serversOf(csv, pool).map(
      ({ name, status, lastCheck }) => `${name}: ${[status, lastCheck].filter(Boolean).join(', ')}`,
    );
  } catch {
    return [csv.trim()];
  }
}
