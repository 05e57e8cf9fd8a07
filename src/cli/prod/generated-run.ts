// Runs plays that are made from infra.yaml, not written by people, through the engine: the same plan, differences and report.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Infra, InfraHost } from '../../infra/config/model.ts';
import { DiagnosticsError } from '../../lib/errors.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { perform } from '../commands/run.ts';
import { exitCodes } from '../exit-codes.ts';
import { inventoryOf } from '../infra-inventory.ts';
import { watchInterrupts } from '../interrupts.ts';
import { loadRun } from '../load-run.ts';
import { printNote } from '../output.ts';

export interface GeneratedFlags {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** One play for hosts that let us in as root, one for those where we become root; `[]` for no hosts. */
export function playsFor(
  hosts: readonly InfraHost[],
  play: {
    readonly name: string;
    readonly vars?: JsonObject;
    readonly tasks: readonly JsonObject[];
    readonly handlers?: readonly JsonObject[];
  },
): readonly JsonObject[] {
  const { name, vars = {}, tasks, handlers = [] } = play;
  return [false, true].flatMap((become) => {
    const names = hosts.filter(({ ssh }) => (ssh.user !== 'root') === become).map((host) => host.name);
    return names.length === 0 ? [] : [{ name, hosts: names, become, gather_facts: false, vars, tasks, handlers }];
  });
}

/** Resolves to the exit code: 2 where a dry run found something to do. */
export async function runGenerated(infra: Infra, plays: readonly JsonObject[], flags: GeneratedFlags): Promise<number> {
  if (plays.length === 0) return exitCodes.ok;
  const folder = mkdtempSync(join(tmpdir(), 'veza-run-'));
  try {
    const file = join(folder, 'generated.yml');
    writeFileSync(file, JSON.stringify(plays satisfies Json, null, 1), { mode: 0o600 });
    const own = join(folder, 'hosts.yml');
    writeFileSync(own, inventoryOf(infra), { mode: 0o600 });
    // The file itself has group_vars and host_vars beside it.
    const inventory = [basename(infra.file) === 'infra.yaml' ? infra.file : own];
    const given = {
      inventory,
      verbose: 0,
      diff: true,
      check: flags.dryRun ?? false,
      detailedExitcode: true,
      json: flags.json ?? false,
    };
    const { run, diagnostics } = loadRun([file], given, undefined);
    if (!run) throw new DiagnosticsError(diagnostics);
    using interrupts = watchInterrupts({ say: printNote });
    return await perform(run, given, {}, interrupts, (options) => ({
      ...options,
      // As the other prod commands do: unknown hosts are learned, changed keys refused.
      connection: { ...options.connection, hostKeys: 'accept-new' },
    }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
