// Percentiles of what the load generators measured.

/** The smallest figure that `percent` of all do not exceed (nearest rank); NaN of none. */
export function percentile(figures: readonly number[], percent: number): number {
  const sorted = Float64Array.from(figures).sort();
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN;
}
