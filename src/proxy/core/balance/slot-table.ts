// The turns of servers at fixed weights, as HAProxy's static-rr and its map-based hashes have them.
import type { ServerState } from './server-state.ts';

/** Indexes of the servers, each as often as its weight divided by what all have in common. */
export function slotTable(weights: readonly number[]): number[] {
  const divisor = weights.reduce(commonDivisor, 0);
  const shares = divisor === 0 ? [] : weights.map((weight) => weight / divisor);
  const total = shares.reduce((sum, share) => sum + share, 0);
  const credit = shares.map(() => 0);
  return Array.from({ length: total }, () => {
    let best = 0;
    let most = -1;
    shares.forEach((share, index) => {
      if (share === 0) return;
      const own = (credit[index] ?? 0) + share;
      credit[index] = own;
      // Who has more whole turns to its credit; among equals the first.
      const turns = Math.floor((own + total) / total);
      if (turns > most) {
        best = index;
        most = turns;
      }
    });
    credit[best] = (credit[best] ?? 0) - total;
    return best;
  });
}

/** The turns of the servers that take part. */
export function turnsOf<S extends ServerState>(servers: readonly S[]): S[] {
  const active = servers.filter((server) => server.accepts() && !server.config.backup);
  return slotTable(active.map(({ weight }) => weight)).flatMap((index) => active[index] ?? []);
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
