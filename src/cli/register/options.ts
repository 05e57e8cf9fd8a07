// Options that several commands share.
import type { Command } from 'commander';

export function addInventoryOptions(command: Command): Command {
  return command
    .option('-i, --inventory <source>', 'inventory file, folder or `host,` list (repeatable)', collectOne)
    .option('-e, --extra-vars <vars>', 'key=value, JSON or YAML, or @file (repeatable)', collectOne)
    .option('-u, --user <name>', 'user to log in as')
    .option('--private-key <file>', 'key to log in with');
}

/** For options that may be repeated and take several names with commas. */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [
    ...previous,
    ...value
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean),
  ];
}

/** For options that may be repeated. */
export function collectOne(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}
