// A page in place of the service, but for those who work on it.
import { AddressSet } from '../address.ts';
import { answer, type Answer, type Incoming } from './incoming.ts';

export interface MaintenanceConfig {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
  readonly retryAfterSeconds: number;
  readonly allow: readonly string[];
}

export function maintenanceAnswer(config: MaintenanceConfig, { peer }: Incoming): Answer | undefined {
  if (new AddressSet(config.allow).has(peer)) return undefined;
  const fields = `Content-Type: ${config.contentType}\r\nCache-Control: no-store\r\n`;
  return answer(config.status, `${fields}Retry-After: ${config.retryAfterSeconds}\r\n`, config.body);
}
