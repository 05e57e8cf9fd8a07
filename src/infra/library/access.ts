// What all clients of the library have in common: the clock of this machine, and secrets that no message shows.
import { systemAcmeClock } from '../../acme/clock.ts';
import { createRedactor } from '../../lib/redact.ts';
import type { ApiAccess } from '../http/client.ts';

export interface LibraryAccess {
  /** Another place than the service's own, for instance a fake. */
  readonly baseUrl?: string;
}

export function accessOf({ baseUrl }: LibraryAccess): ApiAccess {
  return { clock: systemAcmeClock, redactor: createRedactor(), ...(baseUrl !== undefined && { baseUrl }) };
}
