// Which of several values of one variable counts: Ansible's order, lowest first. The one table of the program.

export const precedence = [
  { name: 'role defaults', about: "a role's defaults/main.yml" },
  { name: 'inventory group', about: 'vars of groups in the inventory, `all` first, then by depth and name' },
  { name: 'inventory group_vars/all', about: 'group_vars/all beside the inventory' },
  { name: 'playbook group_vars/all', about: 'group_vars/all beside the playbook' },
  { name: 'inventory group_vars', about: 'group_vars/GROUP beside the inventory, by depth and name' },
  { name: 'playbook group_vars', about: 'group_vars/GROUP beside the playbook, by depth and name' },
  { name: 'inventory host', about: 'variables of the host in the inventory' },
  { name: 'inventory host_vars', about: 'host_vars/HOST beside the inventory' },
  { name: 'playbook host_vars', about: 'host_vars/HOST beside the playbook' },
  { name: 'facts', about: 'what is known of the host itself' },
  { name: 'play vars', about: '`vars:` of the play' },
  { name: 'play vars_prompt', about: 'answers to `vars_prompt:`' },
  { name: 'play vars_files', about: 'files named by `vars_files:`, later ones over earlier ones' },
  { name: 'role vars', about: "a role's vars/main.yml" },
  { name: 'block vars', about: '`vars:` of blocks, inner ones over outer ones' },
  { name: 'task vars', about: '`vars:` of the task' },
  { name: 'include_vars', about: 'what `include_vars` has read' },
  { name: 'set_fact and register', about: 'what tasks have set' },
  { name: 'role params', about: 'parameters given where a role is used' },
  { name: 'include params', about: '`vars:` of an include' },
  { name: 'extra vars', about: '--extra-vars of the command line' },
] as const;

export type PrecedenceName = (typeof precedence)[number]['name'];

/** The place in the order; the higher one wins. */
export function rankOf(name: PrecedenceName): number {
  return precedence.findIndex((level) => level.name === name);
}
