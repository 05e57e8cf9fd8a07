// Options that several commands share.
import { Option, type Command } from 'commander';

export function addInventoryOptions(command: Command): Command {
  return command
    .option('-i, --inventory <source>', 'inventory file, folder or `host,` list (repeatable)', collectOne)
    .option('-e, --extra-vars <vars>', 'key=value, JSON or YAML, or @file (repeatable)', collectOne);
}

/** How to log in to hosts: what inventories and playbooks say outdoes it. */
export function addLoginOptions(command: Command): Command {
  return command.option('-u, --user <name>', 'user to log in as').option('--private-key <file>', 'key to log in with');
}

export function addConnectionOptions(command: Command): Command {
  return addLoginOptions(command)
    .addOption(new Option('-c, --connection <way>', 'how to reach hosts (default: ssh)').choices(['ssh', 'local']))
    .option('-T, --timeout <seconds>', 'how long connecting may take (default: 10)')
    .option('-k, --ask-pass', 'ask for the password of the connection');
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
