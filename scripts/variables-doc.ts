// Writes docs/variables.md from the one table of precedence; a test fails where the file is not what this makes.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { precedence } from '../src/inventory/precedence.ts';

/** The text of docs/variables.md. */
export function variablesDoc(): string {
  const rows = precedence.map(({ name, about }, index) => `| ${index + 1} | ${name} | ${about} |`);
  return `<!-- Made by scripts/variables-doc.ts from src/inventory/precedence.ts: change it there. -->

# Variables

Where several places set one variable, the one that is lower in this table counts. The order is that of Ansible, measured
pair by pair against ansible-core 2.14.

| | level | what sets it |
|---|---|---|
${rows.join('\n')}

Within one level the later one counts: among groups the deeper one, then the higher \`ansible_group_priority\`, then the
later name; among files of one folder the later name; among roles of a play the task's own role.

What surprises people, and is so with Ansible too:

- The \`vars:\` of an entry of \`roles:\` are weaker than \`vars/main.yml\` of that role; other keys of the entry (its
  parameters) are stronger than nearly everything.
- The \`vars:\` of \`include_tasks\` and \`include_role\` outdo what tasks inside set with \`set_fact\`, and their \`vars:\`; those of
  \`import_tasks\` and \`import_role\` count as those of a block.
- A loop variable outdoes even \`--extra-vars\`.

To see where a value comes from:

\`\`\`
veza-run vars NAME --host HOST --explain                      # the inventory and --extra-vars
veza-run vars NAME --host HOST --explain --playbook site.yml  # plays and roles too
veza-run vars NAME --host HOST --explain --playbook site.yml --task "Task name"
\`\`\`

## Magic variables

Always there, and nothing outdoes them: \`inventory_hostname\`, \`groups\` (name to hosts), \`hostvars\` (host to variables),
\`playbook_dir\`, \`play_hosts\`, \`ansible_play_hosts\`, \`ansible_play_hosts_all\`, \`ansible_play_batch\`,
\`ansible_check_mode\`, \`ansible_diff_mode\`, \`ansible_run_tags\`, \`ansible_search_path\`.

There unless you define them yourself: \`inventory_hostname_short\`, \`group_names\`, \`inventory_dir\`, and in roles
\`role_name\`, \`ansible_role_name\`, \`role_path\`.
`;
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(resolve(import.meta.dirname, '../docs/variables.md'), variablesDoc());
}
