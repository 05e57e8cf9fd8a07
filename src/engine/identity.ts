// Who a task runs as, and how a host is reached: keywords, then `ansible_*` variables over them.
import { VezaError } from '../lib/errors.ts';
import { isUnknown } from '../core/unknown.ts';
import type { Inherited, Play } from '../playbook/ast.ts';
import type { Scope, Templated, Value } from '../language/value.ts';
import type { Host } from '../inventory/model.ts';
import type { ConnectionDefaults } from './options.ts';
import type { HostAddress, Identity } from './ports.ts';

/** The user that a task's scripts run as. Variables outdo keywords, as Ansible does it. */
export function identityOf(node: Inherited, scope: Scope, defaults: ConnectionDefaults): Identity {
  const become = toBoolean(scope.get('ansible_become') ?? valueOf(node.become, scope) ?? defaults.become, 'become');
  const password =
    text(scope.get('ansible_become_password') ?? scope.get('ansible_become_pass')) ?? defaults.becomePassword;
  const method =
    text(scope.get('ansible_become_method') ?? valueOf(node.becomeMethod, scope)) ?? defaults.becomeMethod ?? 'sudo';
  if (method !== 'sudo' && method !== 'su' && method !== 'doas') {
    throw new VezaError('unknown-become-method', `become_method "${method}" is not supported`, {
      hint: 'use sudo, su or doas',
    });
  }
  const user =
    text(scope.get('ansible_become_user') ?? valueOf(node.becomeUser, scope)) ?? defaults.becomeUser ?? 'root';
  return { user: become ? user : null, method, ...(password === undefined ? {} : { password }) };
}

/** Where a host is and how to log in: variables, then the play's keywords, then the command line. */
export function addressOf(
  host: Host,
  scope: Scope,
  defaults: ConnectionDefaults,
  play: Pick<Play, 'connection' | 'remoteUser'> | null = null,
): HostAddress {
  const connection =
    text(scope.get('ansible_connection') ?? valueOf(play?.connection, scope)) ??
    defaults.connection ??
    (host.name === 'localhost' ? 'local' : 'ssh');
  if (connection !== 'ssh' && connection !== 'local') {
    throw new VezaError('unknown-connection', `${host.name}: ansible_connection "${connection}" is not supported`, {
      where: host.where,
      hint: 'use ssh or local',
    });
  }
  refuseUnsupported(host, scope);
  const key =
    text(scope.get('ansible_ssh_private_key_file') ?? scope.get('ansible_private_key_file')) ?? defaults.privateKeyFile;
  const password = text(scope.get('ansible_password') ?? scope.get('ansible_ssh_pass')) ?? defaults.password;
  const knownHosts = text(scope.get('ansible_known_hosts_file')) ?? defaults.knownHostsFile;
  return {
    name: host.name,
    connection,
    address: text(scope.get('ansible_host') ?? scope.get('ansible_ssh_host')) ?? host.name,
    port: portOf(host, text(scope.get('ansible_port') ?? scope.get('ansible_ssh_port')) ?? '22'),
    user:
      text(scope.get('ansible_user') ?? scope.get('ansible_ssh_user') ?? valueOf(play?.remoteUser, scope)) ??
      defaults.user,
    hostKeys: hostKeysOf(scope, defaults),
    ...(key === undefined ? {} : { privateKeyFile: key }),
    ...(password === undefined ? {} : { password }),
    ...(knownHosts === undefined ? {} : { knownHostsFile: knownHosts }),
    ...(defaults.connectTimeoutMs === undefined ? {} : { connectTimeoutMs: defaults.connectTimeoutMs }),
  };
}

function portOf(host: Host, value: string): number {
  const port = Number(value);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new VezaError('invalid-variable', `${host.name}: ansible_port must be a port, not "${value}"`, {
    where: host.where,
  });
}

/** Variables that decide how a host is reached and that nothing here obeys: connecting otherwise than asked is no choice. */
const unsupported = [
  'ansible_ssh_common_args',
  'ansible_ssh_extra_args',
  'ansible_ssh_executable',
  'ansible_become_flags',
  'ansible_become_exe',
];

function refuseUnsupported(host: Host, scope: Scope): void {
  const name = unsupported.find((one) => (text(scope.get(one)) ?? '') !== '');
  if (name === undefined) return;
  throw new VezaError('unsupported-variable', `${host.name}: ${name} is not supported yet`, {
    hint: 'remove it; keys, ports, users and known_hosts have variables of their own (README, "Connections")',
  });
}

function hostKeysOf(scope: Scope, defaults: ConnectionDefaults): HostAddress['hostKeys'] {
  const value = scope.get('ansible_host_key_checking');
  if (value === undefined) return defaults.hostKeys;
  if (value === true || value === 'strict') return 'strict';
  if (value === false || value === 'off') return 'off';
  if (value === 'accept-new') return 'accept-new';
  throw new VezaError(
    'invalid-variable',
    `ansible_host_key_checking must be true, false or accept-new, but is ${JSON.stringify(value)}`,
  );
}

function valueOf(templated: Templated | undefined, scope: Scope): Value | undefined {
  return templated?.evaluate(scope);
}

function text(value: Value | undefined): string | undefined {
  if (value === undefined || value === null || isUnknown(value)) return undefined;
  return typeof value === 'object' ? undefined : String(value);
}

/** Booleans as Ansible's keywords accept them. Throws VezaError `not-boolean`. */
export function toBoolean(value: Value, what: string): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' && /^(?:yes|true|on|1)$/i.test(value)) return true;
  if (typeof value === 'string' && /^(?:no|false|off|0|)$/i.test(value)) return false;
  if (value === 1 || value === 0) return value === 1;
  throw new VezaError(
    'not-boolean',
    `"${what}" must be true or false, but is ${isUnknown(value) ? `unknown (${value.reason})` : JSON.stringify(value)}`,
  );
}
