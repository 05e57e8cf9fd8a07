// What a conversion could not carry over, each with its place. An error changes what clients get or who may come; a
// warning changes how the proxy runs; an info is not needed here.
import type { Diagnostic, Position, Severity } from '../../../lib/diagnostic.ts';

/** A piece of the source that a note can point at. */
export interface Spot {
  readonly where: Position;
  readonly length: number;
}

export class Report {
  readonly notes: Diagnostic[] = [];

  /** Traffic would be dealt with in another way. */
  error(spot: Spot, message: string, hint?: string): void {
    this.#add('error', 'not-carried-over', spot, message, hint);
  }

  warning(spot: Spot, message: string, hint?: string): void {
    this.#add('warning', 'not-carried-over', spot, message, hint);
  }

  /** There is nothing to do. */
  info(spot: Spot, message: string, hint?: string): void {
    this.#add('info', 'not-needed', spot, message, hint);
  }

  #add(severity: Severity, code: string, spot: Spot, message: string, hint?: string): void {
    const same = this.notes.some(({ where, message: other }) => where === spot.where && other === message);
    if (same) return;
    this.notes.push({
      severity,
      code,
      message,
      where: spot.where,
      length: spot.length,
      ...(hint !== undefined && { hint }),
    });
  }
}
