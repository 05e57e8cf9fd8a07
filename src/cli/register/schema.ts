// `veza-run schema [NAME]`
import type { SchemaFlags } from '../commands/schema.ts';
import type { Register } from './registration.ts';

export const registerSchema: Register = (program, report) => {
  program
    .command('schema')
    .description('JSON Schema of playbooks, inventories and the like, for editors')
    .argument('[name]', 'playbook (the default), tasks, handlers, inventory, vars, role-meta or argument-specs')
    .option('--write <folder>', 'write all of them there, and say how to switch them on')
    .action(async (name: string | undefined, flags: SchemaFlags) => {
      const { schemaCommand } = await import('../commands/schema.ts');
      report(schemaCommand(name, flags));
    });
};
