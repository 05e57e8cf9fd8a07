// How much memory is really in use: what nobody holds any more does not count.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of objects that are still reachable. */
export function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What the first finds may let go of more.
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
