// Errors of traffic in a row, as HAProxy's `observe` counts them: at the limit the health check is told. Pure.
import type { CheckConfig } from '../config/model.ts';

/** What traffic met: `connected` says nothing about responses, `answered` is a response that a healthy server gives. */
export type Observation = 'connected' | 'connect-failed' | 'answered' | 'failed';

/** Whether it is a success or an error for what a check observes; undefined: it does not look at that. */
export function observed(observe: CheckConfig['observe'], seen: Observation): boolean | undefined {
  if (observe === 'off') return undefined;
  const layer4 = seen === 'connected' || seen === 'connect-failed';
  if (layer4 !== (observe === 'layer4') && seen !== 'connect-failed') return undefined;
  return seen === 'connected' || seen === 'answered';
}

export class Observer {
  #inRow = 0;

  /** An error was the last that was seen: what passes is news. */
  get isFailing(): boolean {
    return this.#inRow > 0;
  }

  /** True when the limit is reached; counting begins anew. */
  record(errorLimit: number, passed: boolean): boolean {
    this.#inRow = passed ? 0 : this.#inRow + 1;
    if (this.#inRow < errorLimit) return false;
    this.#inRow = 0;
    return true;
  }
}
