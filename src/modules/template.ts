// Files rendered from templates of the controller, with the task's variables.
import { defineModule } from '../core/module.ts';
import { filePath, joinPath } from '../resources/file/path.ts';
import { attributeProperties, attributesOf } from './shared/attributes.ts';
import {
  bytesContent,
  contentOrInsideWants,
  contentWants,
  fileResult,
  fileReturns,
  writingProperties,
} from './shared/files.ts';

export default defineModule({
  name: 'template',
  summary: 'Render a template of the controller to a file on the host.',
  returns: { ...fileReturns, src: 'The template, as it was given.' },
  schema: {
    type: 'object',
    required: ['src', 'dest'],
    additionalProperties: false,
    properties: {
      src: {
        type: 'string',
        minLength: 1,
        description: 'Template of the controller (of the role first): Handlebars if it ends with .hbs, else Jinja.',
      },
      dest: {
        type: 'string',
        pattern: '^/',
        description: "Where to. A file of the template's name in it if it is a folder or ends with /.",
        $comment: 'Begin it with /.',
      },
      ...writingProperties,
      validate: {
        type: 'string',
        pattern: '%s',
        description: 'Command that must succeed on the new file (`%s`) before it replaces the old one.',
        $comment: 'The command needs %s where the path of the new file goes, for instance "nginx -t -c %s".',
      },
      newline_sequence: { enum: ['\n', '\r', '\r\n'], default: '\n', description: 'How lines end in the file.' },
      ...attributeProperties,
    },
  },
  examples: [
    {
      title: 'The configuration of a service',
      args: { src: 'app.conf.hbs', dest: '/etc/app/app.conf', owner: 'root', group: 'app', mode: '0640' },
    },
    {
      title: 'A configuration that is checked before it counts',
      args: {
        src: 'sshd_config.j2',
        dest: '/etc/ssh/sshd_config',
        mode: '0600',
        validate: '/usr/sbin/sshd -t -f %s',
        backup: true,
      },
    },
  ],
  wants: (args, context) => {
    const source = context.files.find(args.src, 'templates');
    const text = context.render(source).replaceAll(/\r\n|\n/g, args.newline_sequence ?? '\n');
    const content = bytesContent(new TextEncoder().encode(text));
    const preserved = source.executable ? '0755' : '0644';
    const options = {
      attributes: attributesOf(args.mode === 'preserve' ? { ...args, mode: preserved } : args),
      force: args.force !== false,
      follow: args.follow === true,
      backup: args.backup === true,
      ...(args.validate !== undefined && { validate: args.validate }),
    };
    const name = source.path.slice(source.path.lastIndexOf('/') + 1);
    return args.dest.endsWith('/')
      ? contentWants(joinPath(args.dest, name), content, options)
      : contentOrInsideWants(filePath(args.dest), name, content, options);
  },
  result: (outcome, args) => {
    const written = outcome.changes.filter((entry) => entry.key.startsWith('file:') && entry.change.action !== 'no-op');
    const path = written.at(-1)?.key.slice('file:'.length) ?? filePath(args.dest);
    return { ...fileResult(outcome, path), src: args.src };
  },
});
