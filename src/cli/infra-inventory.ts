// `-i infra.yaml`: its hosts as an inventory. Roles and kinds of servers are groups, what `ssh` says are connection variables.
import { basename } from 'node:path';
import type { SourceFiles } from '../core/source-files.ts';
import type { Infra, InfraHost } from '../infra/config/model.ts';
import { readInfra } from '../infra/config/read.ts';
import { DiagnosticsError } from '../lib/errors.ts';
import type { JsonObject } from '../lib/json.ts';

/** Files in which an infra.yaml reads as the inventory that it stands for. Reading a wrong one throws DiagnosticsError. */
export function withInfra(files: SourceFiles): SourceFiles {
  return {
    ...files,
    read: (path) => {
      const text = files.read(path);
      return text !== null && basename(path) === 'infra.yaml' ? inventoryText(text, path) : text;
    },
  };
}

function inventoryText(text: string, path: string): string {
  const { infra, diagnostics } = readInfra(text, path);
  if (!infra) throw new DiagnosticsError(diagnostics);
  return inventoryOf(infra);
}

/** Text of an inventory with the hosts of infra.yaml. */
export function inventoryOf(infra: Infra): string {
  const hosts = [...infra.hosts.values()];
  const groups = new Map<string, string[]>();
  for (const { name, role, type } of hosts) {
    for (const group of [type, ...(role === undefined ? [] : [role])]) {
      groups.set(group, [...(groups.get(group) ?? []), name]);
    }
  }
  const children = Object.fromEntries(
    [...groups].map(([group, names]) => [group, { hosts: Object.fromEntries(names.map((name) => [name, {}])) }]),
  );
  const all = Object.fromEntries(hosts.map((host) => [host.name, variablesOf(host)]));
  return JSON.stringify({ all: { hosts: all, children } }, null, 1);
}

function variablesOf({ ip, fqdn, privateIp, services, ssh }: InfraHost): JsonObject {
  return {
    ...(ip === undefined ? {} : { ansible_host: ip }),
    ansible_port: ssh.port,
    ...(ssh.user === undefined ? {} : { ansible_user: ssh.user }),
    ...(ssh.key === undefined ? {} : { ansible_ssh_private_key_file: ssh.key }),
    ...(fqdn === undefined ? {} : { fqdn }),
    ...(privateIp === undefined ? {} : { private_ip: privateIp }),
    services,
  };
}
