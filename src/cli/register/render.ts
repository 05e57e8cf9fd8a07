// `veza-run render TEMPLATE`
import type { RenderFlags } from '../commands/render.ts';
import { addInventoryOptions } from './options.ts';
import type { Register } from './registration.ts';

export const registerRender: Register = (program, report) => {
  addInventoryOptions(
    program
      .command('render')
      .description('what a template (.j2, .hbs) becomes on a host; touches no host')
      .argument('<template>', 'file of the template')
      .requiredOption('--host <name>', 'the host that it is for'),
  )
    .option('--playbook <file>', 'with the variables of its first play for the host')
    .option('--role <name>', 'with the variables of this role (default: the role that the template is in)')
    .option('--output <file>', 'write it there')
    .option('--diff <file>', 'show how it differs from this file; exit 2 if it does')
    .action(async (template: string, flags: RenderFlags) => {
      const { renderCommand } = await import('../commands/render.ts');
      report(renderCommand(template, flags));
    });
};
