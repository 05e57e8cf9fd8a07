// The stack's hosts for the tests of roles, and files and inventories of the tests' own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { projectDirectory, type JsonRun } from '../../support/cli.ts';
import { bootStack, type TestLab } from '../../support/lab.ts';

const name = 'rolestest';

export interface RolesLab extends TestLab {
  readonly scratch: string;
  /** Writes a file of the test's own and returns its path. */
  file(name: string, text: string): string;
  /** Words for an inventory with these groups only, each of hosts of the lab. */
  inventoryOf(name: string, groups: Readonly<Record<string, readonly string[]>>): readonly string[];
}

export async function bootRoles(): Promise<RolesLab> {
  const stack = await bootStack(name);
  const scratch = mkdtempSync(join(tmpdir(), 'veza-roles-'));
  const file = (name: string, text: string) => {
    const path = join(scratch, name);
    writeFileSync(path, text);
    return path;
  };
  return {
    ...stack,
    scratch,
    file,
    inventoryOf: (name, groups) => [
      '-i',
      file(`${name}.yml`, JSON.stringify({ all: { vars: loginVariables, children: childrenOf(stack, groups) } })),
    ],
    async [Symbol.asyncDispose]() {
      await stack[Symbol.asyncDispose]();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

const state = join(projectDirectory, '.veza-run', name);
const loginVariables = {
  ansible_user: 'lab',
  ansible_ssh_private_key_file: join(state, 'id_ed25519'),
  ansible_host_key_checking: 'accept-new',
  ansible_known_hosts_file: join(state, 'known_hosts'),
};

function childrenOf(stack: TestLab, groups: Readonly<Record<string, readonly string[]>>): object {
  const hostsOf = (hosts: readonly string[]) =>
    Object.fromEntries(hosts.map((host) => [host, { ansible_host: stack.address(host) }]));
  return Object.fromEntries(Object.entries(groups).map(([group, hosts]) => [group, { hosts: hostsOf(hosts) }]));
}

export function expectDone(run: JsonRun): void {
  expect(run.exitCode, messagesOf(run) + run.stderr).toBe(0);
}

/** What the run says of its tasks and their items. */
export function messagesOf(run: JsonRun): string {
  return run.events
    .flatMap((event) => (event.type === 'task-end' || event.type === 'task-item' ? [event.result.message ?? ''] : []))
    .join('\n');
}
