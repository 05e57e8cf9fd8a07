// What is in a zone of the fake ClouDNS.
import type { FakeRecord } from '../../../src/infra/fakes/cloudns.ts';
import type { TestAccount } from './account.ts';

export function clouDnsRecord({ cloudns }: TestAccount, host: string, type: string): FakeRecord | undefined {
  return [...(cloudns.zones.get('example.com')?.values() ?? [])].find((one) => one.host === host && one.type === type);
}
