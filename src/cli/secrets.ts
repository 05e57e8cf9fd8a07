// What commands print of users' files must not show what was encrypted in them. Small, because every start loads it.
import { createRedactor } from '../lib/redact.ts';

/** Knows every secret of opened vaults, and what commands add. */
export const secrets = createRedactor();
