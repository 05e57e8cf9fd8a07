// A program with arguments, without a shell.
import { defineModule } from '../core/module.ts';
import { VezaError } from '../lib/errors.ts';
import { splitWords } from '../resources/support/words.ts';
import { commandDryRun, commandProperties, commandResult, commandReturns, commandWants } from './shared/commands.ts';

export default defineModule({
  name: 'command',
  summary: 'Run a program. No shell: no variables, pipes, or patterns.',
  freeForm: 'cmd',
  returns: commandReturns,
  dryRun: commandDryRun,
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      cmd: { type: 'string', minLength: 1, description: 'The command line; quotes group words as in a shell.' },
      argv: {
        type: 'array',
        items: { type: ['string', 'number'] },
        minItems: 1,
        description: 'The words of the command, instead of `cmd`; nothing in them is special.',
      },
      ...commandProperties,
    },
  },
  examples: [
    { title: 'Once: until the file exists', args: { cmd: 'app --init', creates: '/var/lib/app/db' } },
    { title: 'Words that need no quotes', args: { argv: ['useradd', '--comment', 'Ada L.', 'ada'], unless: 'id ada' } },
    { title: 'Only looks: runs in dry runs too', args: { cmd: 'uname -r', probe: true } },
  ],
  wants: (args, context) => commandWants(wordsOf(args), args, context.environment),
  result: (outcome, args) => commandResult(outcome, wordsOf(args), args),
});

function wordsOf(args: { readonly cmd?: string; readonly argv?: readonly (string | number)[] }): readonly string[] {
  if ((args.cmd === undefined) === (args.argv === undefined)) {
    throw new VezaError('missing-argument', 'command needs either cmd or argv');
  }
  const words = args.argv?.map(String) ?? splitWords(args.cmd ?? '');
  if (words.length === 0) throw new VezaError('missing-argument', 'no command given');
  return words;
}
