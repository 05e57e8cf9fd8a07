// Weight of a server that just recovered: grows linearly in sixteenths. Never at the start of the process.

/** Weights are counted in sixteenths, as HAProxy does, so that a weight of 1 can grow too. */
export const weightScale = 16;

/** Effective weight in sixteenths. `risingSinceMs` is 0 when no recovery was seen. */
export function effectiveWeight(weight: number, risingSinceMs: number, slowstartMs: number, nowMs: number): number {
  const full = weight * weightScale;
  if (risingSinceMs === 0 || slowstartMs <= 0 || full === 0) return full;
  const elapsed = nowMs - risingSinceMs;
  if (elapsed >= slowstartMs) return full;
  const sixteenths = Math.max(1, Math.ceil((Math.max(0, elapsed) * weightScale) / slowstartMs));
  return Math.max(1, Math.ceil((full * sixteenths) / weightScale));
}

/** The throttle percentage of statistics, or undefined when not throttled. */
export function throttlePercent(risingSinceMs: number, slowstartMs: number, nowMs: number): number | undefined {
  if (risingSinceMs === 0 || slowstartMs <= 0) return undefined;
  const elapsed = nowMs - risingSinceMs;
  return elapsed >= slowstartMs ? undefined : Math.max(1, Math.floor((100 * Math.max(0, elapsed)) / slowstartMs));
}

/** How much of its limits a server that recovered has back, from 0 to 1. */
export function risenShare(risingSinceMs: number, slowstartMs: number, nowMs: number): number {
  if (risingSinceMs === 0 || slowstartMs <= 0) return 1;
  return Math.min(1, Math.max(0, (nowMs - risingSinceMs) / slowstartMs));
}
