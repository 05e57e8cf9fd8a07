// The contract of the Transport port: one suite for every implementation.
import { afterAll, beforeAll, describe } from 'vitest';
import { batchesContract } from './transport/batches.ts';
import { connectionContract } from './transport/connection.ts';
import { HostUnderTest, type TransportUnderTest } from './transport/host-under-test.ts';
import { inputContract } from './transport/input.ts';
import { stepsContract } from './transport/steps.ts';

/** `remote`: there is a connection that can be cut. */
export function transportContract(
  name: string,
  start: () => Promise<TransportUnderTest>,
  { remote }: { readonly remote: boolean } = { remote: true },
): void {
  describe(`transport contract: ${name}`, () => {
    let started: HostUnderTest;
    const host = () => started;
    beforeAll(async () => {
      started = await HostUnderTest.start(start);
    });
    afterAll(() => started[Symbol.asyncDispose]());

    stepsContract(host);
    batchesContract(host);
    inputContract(host);
    connectionContract(host, remote);
  });
}
