// YAML inventories and files of variables, with the variables that decide how hosts are reached.
import type { JsonObject } from '../../lib/json.ts';
import { anyOf, closed, nothing, orTemplate, reference, text, variableName } from './parts.ts';

const connectionVariables: Readonly<Record<string, JsonObject>> = {
  ansible_host: { ...text, description: 'Address to connect to; the name of the host if left out.' },
  ansible_port: { type: ['integer', 'string'], description: 'Port of sshd; 22 if left out.' },
  ansible_user: { ...text, description: 'User to log in as.' },
  ansible_password: { ...text, description: 'Password to log in with. Keep it in an encrypted file.' },
  ansible_connection: { enum: ['ssh', 'local'], description: 'How the host is reached; ssh if left out.' },
  ansible_ssh_private_key_file: { type: 'string', description: 'Key to log in with.' },
  ansible_private_key_file: { type: 'string', description: 'Key to log in with.' },
  ansible_host_key_checking: {
    enum: [true, false, 'strict', 'accept-new', 'off'],
    description: 'Whether unknown host keys are refused (true), added (accept-new), or not looked at (false).',
  },
  ansible_known_hosts_file: { type: 'string', description: 'File of known host keys.' },
  ansible_become: { type: 'boolean', description: 'Whether tasks run as another user.' },
  ansible_become_user: { ...text, description: 'That user; root if left out.' },
  ansible_become_method: { enum: ['sudo', 'su', 'doas'], description: 'How to become that user.' },
  ansible_become_password: { ...text, description: 'Password for that. Keep it in an encrypted file.' },
};

function variablesWithConnection(): JsonObject {
  return {
    type: ['object', 'null'],
    propertyNames: { pattern: variableName },
    properties: Object.fromEntries(
      Object.entries(connectionVariables).map(([name, schema]) => [name, orTemplate(schema)]),
    ),
  };
}

/** Groups at the top, or below `all`. */
export function inventorySchema(): JsonObject {
  return {
    type: ['object', 'null'],
    additionalProperties: { $ref: '#/definitions/group' },
    definitions: {
      variables: variablesWithConnection(),
      group: anyOf(
        closed({
          hosts: {
            description: 'Hosts as keys, each with its variables; ranges as web-[01:20].',
            anyOf: [
              { type: ['object', 'null'], additionalProperties: { $ref: '#/definitions/variables' } },
              { type: 'string' },
            ],
          },
          children: {
            description: 'Groups whose hosts belong to this one, too.',
            type: ['object', 'null'],
            additionalProperties: { $ref: '#/definitions/group' },
          },
          vars: { description: 'Variables of all its hosts.', ...reference('variables') },
        }),
        nothing,
      ),
    },
  };
}

/** group_vars, host_vars, defaults and vars of roles. */
export function variableFileSchema(): JsonObject {
  return variablesWithConnection();
}
