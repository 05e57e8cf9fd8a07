// Which request comes next: drawn from the seed alone, so that a run can be repeated. Pure.
import { createHash } from 'node:crypto';
import type { LoadShape, RequestKind } from './model.ts';
import { requestKinds } from './model.ts';
import { integerBelow, seededRandom } from './random.ts';

export interface PlannedRequest {
  readonly kind: RequestKind;
  /** Unique in the run and, by the prefix, among runs: also sent as X-Request-Id. */
  readonly id: string;
  readonly path: string;
  /** Which virtual user sends it; sticky requests only. */
  readonly user: number | null;
  readonly body: Buffer | null;
  readonly bodySha256: string | null;
}

/** Part of the requests that take a few milliseconds in the backend, so that some are in flight when it fails. */
const slowShare = 0.1;
const slowMsMin = 4;
const slowMsSpread = 8;
/** One body in ten spans several TCP segments, so that a balancer that forwards in pieces is tried too. */
const largeBodyShare = 0.1;
const largeBodyBytes = 24 * 1024;
const smallBodyBytes = 512;

/** An endless source of requests; the same seed, prefix and shape give the same ones. */
export function requestMix(shape: LoadShape, seed: number, prefix: string): () => PlannedRequest {
  const random = seededRandom(seed);
  const total = requestKinds.reduce((sum, kind) => sum + shape.shares[kind], 0);
  let count = 0;
  return () => {
    const kind = pickKind(shape, random() * total);
    const id = `${prefix}${count}`;
    count += 1;
    const slow = random() < slowShare;
    const path = slow ? `/api/slow?ms=${slowMsMin + integerBelow(random, slowMsSpread)}` : `/api/items/${id}`;
    const user = kind === 'sticky' ? integerBelow(random, shape.stickyUsers) : null;
    const post = kind === 'post' || kind === 'post-with-key';
    const large = random() < largeBodyShare;
    const size = 1 + integerBelow(random, large ? largeBodyBytes : smallBodyBytes);
    const body = post ? Buffer.alloc(size, `${id} `) : null;
    const bodySha256 = body && createHash('sha256').update(body).digest('hex');
    return { kind, id, path, user, body, bodySha256 };
  };
}

function pickKind(shape: LoadShape, point: number): RequestKind {
  let rest = point;
  for (const kind of requestKinds) {
    rest -= shape.shares[kind];
    if (rest < 0) return kind;
  }
  return 'get';
}
