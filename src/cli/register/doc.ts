// `veza-run doc [NAME...]`
import type { DocFlags } from '../commands/doc.ts';
import type { Register } from './registration.ts';

export const registerDoc: Register = (program, report) => {
  program
    .command('doc')
    .description('what modules there are and what they take; `doc filters|tests|lookups|keywords [NAME]` for the rest')
    .argument('[names...]', 'modules; or filters, tests, lookups, keywords, and then one of them')
    .option('--json', 'as data')
    .option('-s, --snippet', 'as a task with every argument, to fill in')
    .option('--markdown', 'all modules as one Markdown document')
    .action(async (names: string[], flags: DocFlags) => {
      const { docCommand } = await import('../commands/doc.ts');
      report(docCommand(names, flags));
    });
};
