// The part of the model that says when traffic takes a server out of the pick.

export interface BreakerConfig {
  /** Failures in a row. */
  readonly errors: number;
  readonly openMs: number;
  /** Requests that may try it at a time when that is over. */
  readonly trials: number;
  readonly maxMs: number;
  /** Of the servers of the backend. */
  readonly maxEjectedPercent: number;
  readonly outlier: OutlierConfig | undefined;
}

/** What makes a server different from the others. 0 = not looked at. */
export interface OutlierConfig {
  readonly intervalMs: number;
  /** Fewer in an interval say nothing. */
  readonly requests: number;
  readonly failurePercent: number;
  /** Times the median of the others. */
  readonly latency: number;
  readonly latencyMinMs: number;
}
