// Errors of traffic in a row, as HAProxy's `observe` counts them: at the limit the health check is told. Pure.
import type { CheckConfig } from '../config/model.ts';

/** What traffic met: `connected` says nothing about responses, `answered` is a response that a healthy server gives. */
export type Observation = 'connected' | 'connect-failed' | 'answered' | 'failed';

export class Observer {
  #inRow = 0;

  /** True when the limit is reached; counting begins anew. */
  record({ observe, errorLimit }: CheckConfig, seen: Observation): boolean {
    if (observe === 'off') return false;
    const layer4 = seen === 'connected' || seen === 'connect-failed';
    if (layer4 !== (observe === 'layer4') && seen !== 'connect-failed') return false;
    if (seen === 'connected' || seen === 'answered') {
      this.#inRow = 0;
      return false;
    }
    this.#inRow += 1;
    if (this.#inRow < errorLimit) return false;
    this.#inRow = 0;
    return true;
  }
}
