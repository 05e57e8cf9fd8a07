// Which of several values of one variable counts: Ansible's order, lowest first. The one table of the program:
// the engine sorts its layers by it, `veza-run vars` names them by it, docs/variables.md is made from it.
// Measured against ansible-core 2.14 pair by pair; where its documentation says otherwise, the run was believed.

export const precedence = [
  {
    name: 'names of the run',
    about: 'magic variables that you may define yourself: `inventory_hostname_short`, `group_names`, `role_name`, ...',
  },
  { name: 'role defaults', about: '`defaults/main.yml` of roles' },
  { name: 'inventory group', about: 'variables of groups in the inventory, `all` first, then by depth and name' },
  { name: 'inventory group_vars/all', about: '`group_vars/all` beside the inventory' },
  { name: 'playbook group_vars/all', about: '`group_vars/all` beside the playbook' },
  { name: 'inventory group_vars', about: '`group_vars/GROUP` beside the inventory, by depth and name' },
  { name: 'playbook group_vars', about: '`group_vars/GROUP` beside the playbook, by depth and name' },
  { name: 'inventory host', about: 'variables of the host in the inventory' },
  { name: 'inventory host_vars', about: '`host_vars/HOST` beside the inventory' },
  { name: 'playbook host_vars', about: '`host_vars/HOST` beside the playbook' },
  { name: 'facts', about: 'what was gathered on the host' },
  { name: 'play vars', about: '`vars:` of the play' },
  { name: 'play vars_prompt', about: 'answers to `vars_prompt:` of the play' },
  { name: 'play vars_files', about: '`vars_files:` of the play, later ones over earlier ones' },
  { name: 'role entry vars', about: '`vars:` of an entry of `roles:` (weaker than the vars of the role itself)' },
  { name: 'role vars', about: '`vars/main.yml` of roles' },
  { name: 'block vars', about: '`vars:` of blocks and of static imports, inner ones over outer ones' },
  { name: 'task vars', about: '`vars:` of the task' },
  { name: 'include_vars', about: 'what `include_vars` has read' },
  { name: 'set_fact and register', about: 'what tasks have set' },
  { name: 'role params', about: 'keys of an entry of `roles:` that are no keywords' },
  { name: 'include params', about: '`vars:` of `include_tasks` and `include_role`' },
  { name: 'extra vars', about: '`--extra-vars` of the command line' },
  { name: 'loop variables', about: '`item`, `loop_var` and `index_var` of the loop that is running' },
  { name: 'magic variables', about: 'what the program itself says: `groups`, `hostvars`, `playbook_dir`, ...' },
] as const;

export type PrecedenceName = (typeof precedence)[number]['name'];

const ranks: ReadonlyMap<PrecedenceName, number> = new Map(precedence.map(({ name }, index) => [name, index]));

/** The place in the order; the higher one wins. */
export function rankOf(name: PrecedenceName): number {
  return ranks.get(name) ?? 0;
}

/** Sorts layers, the lowest first; those of one level keep the order in which they are given. */
export function byPrecedence<Layer extends { readonly level: PrecedenceName }>(layers: readonly Layer[]): Layer[] {
  return layers.toSorted((left, right) => rankOf(left.level) - rankOf(right.level));
}
