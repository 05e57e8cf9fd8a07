// How busy this process is: the share of the time in which its event loop waited.
import { performance } from 'node:perf_hooks';

export class LoadMeter {
  #before = performance.eventLoopUtilization();

  /** Percent of the time since the last call. */
  idlePercent(): number {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#before);
    this.#before = now;
    return Math.round((1 - utilization) * 100);
  }
}
