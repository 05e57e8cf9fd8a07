// HAProxy's `hash-type consistent`, point for point: the same key goes to the same server as it would there.

/** One server of the ring: its id and its weight in sixteenths, which is its number of points. */
export interface RingMember {
  readonly id: number;
  readonly points: number;
}

/** sdbm over the bytes of a latin1 string, as an unsigned 32-bit number. */
export function sdbm(key: string): number {
  let hash = 0;
  for (let at = 0; at < key.length; at += 1) {
    hash = ((key.charCodeAt(at) & 0xff) + (hash << 6) + (hash << 16) - hash) | 0;
  }
  return hash >>> 0;
}

/** Bob Jenkins' 32-bit integer mix (burtleburtle.net/bob/hash/integer.html), then the factor HAProxy multiplies by. */
export function fullHash(value: number): number {
  let a = value | 0;
  a = (a + 0x7ed55d16 + (a << 12)) | 0;
  a = a ^ 0xc761c23c ^ (a >>> 19);
  a = (a + 0x165667b1 + (a << 5)) | 0;
  a = ((a + 0xd3a2646c) | 0) ^ (a << 9);
  a = (a + 0xfd7046c5 + (a << 3)) | 0;
  a = a ^ 0xb55a4f09 ^ (a >>> 16);
  return Math.imul(a, 3_221_225_473) >>> 0;
}

export class HashRing {
  readonly #points: Uint32Array;
  readonly #owners: Uint16Array;

  constructor(members: readonly RingMember[]) {
    const points = members.flatMap(({ id, points: count }) =>
      Array.from({ length: count }, (_, index) => ({ id, point: fullHash(id * 4096 + index) })),
    );
    points.sort((a, b) => a.point - b.point || a.id - b.id);
    this.#points = Uint32Array.from(points, (entry) => entry.point);
    this.#owners = Uint16Array.from(points, (entry) => entry.id);
  }

  /**
   * Id of the server for a hash: the nearer of the points on both sides, then forward past those that `allowed`
   * refuses. Undefined if it refuses all.
   */
  lookup(hash: number, allowed: (id: number) => boolean): number | undefined {
    const count = this.#points.length;
    if (count === 0) return undefined;
    let at = this.#nearest(hash);
    for (let steps = 0; steps < count; steps += 1) {
      const owner = this.#owners[at];
      if (owner !== undefined && allowed(owner)) return owner;
      at = at + 1 === count ? 0 : at + 1;
    }
    return undefined;
  }

  #nearest(hash: number): number {
    const points = this.#points;
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((points[middle] ?? 0) < hash) low = middle + 1;
      else high = middle;
    }
    const next = low === points.length ? 0 : low;
    const previous = low === 0 ? points.length - 1 : low - 1;
    const ahead = ((points[next] ?? 0) - hash) >>> 0;
    const behind = (hash - (points[previous] ?? 0)) >>> 0;
    return behind <= ahead ? previous : next;
  }
}
