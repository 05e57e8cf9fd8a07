// A lab of the test's own, from the project's inventory.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createLab, labSubnet, type Lab } from '../../src/lab/lab.ts';
import { describeMissing, missingRequirements } from '../../src/lab/requirements.ts';
import { projectDirectory } from './cli.ts';

/** Why no lab can run here, or null. With VEZA_REQUIRE_E2E=1 a test must fail for it. */
export const labMissing = describeMissing(await missingRequirements());
export const labRequired = process.env['VEZA_REQUIRE_E2E'] === '1';

export const stackHosts = ['lb-1', 'backend-api-1', 'backend-api-2', 'stream-server-1', 'stream-server-2'] as const;

const lastOctets: Readonly<Record<string, number>> = {
  'lb-1': 11,
  'backend-api-1': 21,
  'backend-api-2': 22,
  'stream-server-1': 31,
  'stream-server-2': 32,
};

export interface TestLab extends AsyncDisposable {
  readonly lab: Lab;
  /** Words for veza-run: the inventory, and the variables that point it at this lab. */
  readonly inventory: readonly string[];
  address(host: string): string;
  /** Runs a script on a host as root, past ssh, and returns all that it printed. */
  on(host: string, script: string): Promise<string>;
  /** The main process of a unit. */
  pidOf(host: string, unit: string): Promise<string>;
}

/** Boots the hosts of inventory/lab.yml under another name and in another subnet. */
export async function bootStack(name: string): Promise<TestLab> {
  const subnet = labSubnet(name);
  const address = (host: string) => `${subnet}.${lastOctets[host] ?? 0}`;
  const stateDirectory = join(projectDirectory, '.veza-run', name);
  const lab = createLab({
    name,
    stateDirectory,
    hosts: stackHosts.map((host) => ({ name: host, address: address(host) })),
    onProgress: () => undefined,
  });
  await lab.down();
  await lab.up();
  const on = async (host: string, script: string) => {
    const { stdout, stderr } = await lab.exec(host, script);
    return (stdout + stderr).trim();
  };
  return {
    lab,
    address,
    on,
    pidOf: (host, unit) => on(host, `systemctl show --property=MainPID --value ${unit}`),
    inventory: ['-i', 'inventory/lab.yml', '-e', `lab_name=${name} lab_subnet=${subnet}`],
    async [Symbol.asyncDispose]() {
      await lab.down();
      rmSync(stateDirectory, { recursive: true, force: true });
    },
  };
}
