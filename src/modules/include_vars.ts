// Variables of a host from files of the controller.
import { defineControl } from '../core/module.ts';
import { VezaError } from '../lib/errors.ts';

export default defineControl({
  name: 'include_vars',
  summary: 'Read variables from a file, or from all files of a folder.',
  freeForm: 'file',
  argumentAliases: { free_form: 'file', _raw_params: 'file' },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      file: {
        type: 'string',
        minLength: 1,
        description: 'A YAML or JSON file; found in `vars/` of the role or beside the tasks.',
      },
      dir: {
        type: 'string',
        minLength: 1,
        description: 'A folder whose files are all read, in the order of their names.',
      },
      depth: {
        type: 'integer',
        minimum: 0,
        default: 0,
        description: 'How many levels of folders below `dir` are read; 0: all.',
      },
      files_matching: { type: 'string', description: 'Only files of `dir` whose names match this regular expression.' },
      ignore_files: {
        anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }],
        description: 'Names of files (regular expressions) that are left out.',
      },
      extensions: {
        anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }],
        default: ['json', 'yaml', 'yml'],
        description: 'Extensions of files of `dir` that hold variables.',
      },
      ignore_unknown_extensions: {
        type: 'boolean',
        default: false,
        description: 'Leave out files with other extensions, instead of failing.',
      },
      name: { type: 'string', pattern: '^[A-Za-z_]\\w*$', description: 'Put all variables into this one, as a map.' },
      hash_behaviour: {
        enum: ['replace', 'merge'],
        default: 'replace',
        description: 'Whether maps are merged with those of the same name.',
      },
    },
  },
  examples: [
    { title: 'A file by the distribution', args: { file: 'Debian.yml' } },
    { title: 'All files of a folder, as one variable', args: { dir: 'settings', name: 'settings' } },
  ],
  control: (args) => {
    if ((args.file === undefined) === (args.dir === undefined)) {
      throw new VezaError('invalid-argument', 'include_vars needs either "file" or "dir"');
    }
    const list = (value: string | readonly string[] | undefined, otherwise: readonly string[]) =>
      value === undefined ? otherwise : typeof value === 'string' ? value.split(',').map((one) => one.trim()) : value;
    return {
      variables: {
        ...(args.file === undefined ? {} : { file: args.file }),
        ...(args.dir === undefined ? {} : { directory: args.dir }),
        depth: args.depth ?? 0,
        ...(args.files_matching === undefined ? {} : { matching: args.files_matching }),
        ignored: list(args.ignore_files, []),
        extensions: list(args.extensions, ['json', 'yaml', 'yml']).map((one) => one.replace(/^\./, '')),
        skipsOthers: args.ignore_unknown_extensions ?? false,
        ...(args.name === undefined ? {} : { name: args.name }),
        merges: args.hash_behaviour === 'merge',
      },
    };
  },
});
