// Files with a given content: from the controller, from the playbook itself, or from elsewhere on the host.
import { defineModule, type LocalSource, type ModuleContext } from '../core/module.ts';
import { observe, want, type Want } from '../core/resource.ts';
import { VezaError } from '../lib/errors.ts';
import type { Json } from '../lib/json.ts';
import { file } from '../resources/file.ts';
import { filePath, joinPath, parentOf } from '../resources/file/path.ts';
import type { FileContent } from '../resources/file/state.ts';
import { accountWants, attributeProperties, attributesOf } from './shared/attributes.ts';
import {
  bytesContent,
  contentId,
  contentOrInsideWants,
  contentWants,
  desiredContent,
  directoryWants,
  fileResult,
  fileReturns,
  isFolder,
  parentLook,
  sourceContent,
  type ContentOptions,
  writingProperties,
} from './shared/files.ts';

interface Args {
  readonly dest: string;
  readonly src?: string;
  readonly content?: Json;
  readonly remote_src?: boolean;
  readonly force?: boolean;
  readonly follow?: boolean;
  readonly backup?: boolean;
  readonly validate?: string;
  readonly owner?: string | number;
  readonly group?: string | number;
  readonly mode?: string;
  readonly directory_mode?: string;
}

export default defineModule({
  name: 'copy',
  summary: 'Put files and folders of the controller, or a given text, on the host.',
  returns: { ...fileReturns, src: 'The source, as it was given.' },
  schema: {
    type: 'object',
    required: ['dest'],
    additionalProperties: false,
    properties: {
      dest: {
        type: 'string',
        pattern: '^/',
        description: 'Where to. A file of the source name in it if it is a folder or ends with /.',
        $comment: 'Begin it with /.',
      },
      src: {
        type: 'string',
        minLength: 1,
        description:
          'File or folder of the controller (of the role first). With a final /: only what is in the folder.',
      },
      content: { description: 'The content itself, instead of `src`; anything but a text becomes JSON.' },
      remote_src: { type: 'boolean', default: false, description: '`src` is a file of the host.' },
      ...writingProperties,
      validate: {
        type: 'string',
        pattern: '%s',
        description: 'Command that must succeed on the new file (`%s`) before it replaces the old one.',
        $comment: 'The command needs %s where the path of the new file goes, for instance "visudo -cf %s".',
      },
      directory_mode: {
        type: 'string',
        description: 'Permissions of folders that are made. Default: those of `mode`.',
      },
      ...attributeProperties,
      mode: {
        type: 'string',
        minLength: 1,
        description: 'Permissions: octal in quotes ("0644"), symbolic ("u=rw,g=r"), or "preserve" those of `src`.',
        $comment: attributeProperties.mode.$comment,
      },
    },
  },
  examples: [
    { title: 'A file with a given text', args: { content: 'Welcome.\n', dest: '/etc/motd', mode: '0644' } },
    {
      title: 'A rule for sudo, checked before it counts',
      args: {
        content: 'app ALL=(root) NOPASSWD: /bin/true\n',
        dest: '/etc/sudoers.d/app',
        mode: '0440',
        validate: 'visudo -cf %s',
      },
    },
  ],
  wants: (args, context) => {
    if ((args.src === undefined) === (args.content === undefined)) {
      throw new VezaError('missing-argument', 'copy needs either src or content');
    }
    if (args.content !== undefined) return textWants(args, args.content);
    const src = args.src ?? '';
    return args.remote_src === true ? remoteWants(args, src) : localWants(args, src, context);
  },
  result: (outcome, args) => {
    const written = outcome.changes.filter((entry) => entry.key.startsWith('file:') && entry.change.action !== 'no-op');
    const path = written.at(-1)?.key.slice('file:'.length) ?? filePath(args.dest);
    return { ...fileResult(outcome, path), ...(args.src !== undefined && { src: args.src }) };
  },
});

function optionsOf(args: Args, preserved?: string): ContentOptions {
  const { mode, ...others } = args;
  const known = mode === 'preserve' ? preserved : mode;
  return {
    attributes: attributesOf({ ...others, ...(known !== undefined && { mode: known }) }),
    force: args.force !== false,
    follow: args.follow === true,
    backup: args.backup === true,
    ...(args.validate !== undefined && { validate: args.validate }),
  };
}

function textWants(args: Args, content: Json): Want[] {
  if (args.dest.endsWith('/')) {
    throw new VezaError('invalid-argument', 'with content, dest names the file; it cannot end with /');
  }
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return contentWants(filePath(args.dest), bytesContent(new TextEncoder().encode(text)), optionsOf(args));
}

function localWants(args: Args, src: string, context: ModuleContext): Want[] {
  const listed = context.files.list(src, 'files');
  if (listed) return treeWants(args, src, listed);
  const source = context.files.find(src, 'files');
  const options = optionsOf(args, modeOf(source));
  const name = source.path.slice(source.path.lastIndexOf('/') + 1);
  const dest = filePath(args.dest);
  if (!args.dest.endsWith('/')) return contentOrInsideWants(dest, name, sourceContent(source), options);
  return [...folders(args, dest), ...contentWants(joinPath(dest, name), sourceContent(source), options)];
}

/** Folders that are in the way are made, with the attributes that are asked for; those that exist stay as they are. */
function folders(args: Args, path: string): Want[] {
  const { owner, group } = optionsOf(args).attributes;
  const mode = args.directory_mode;
  const attributes = { ...(owner !== undefined && { owner }), ...(group !== undefined && { group }) };
  return directoryWants(path, { ...attributes, ...(mode !== undefined && { mode }) }).map((made) => ({
    ...made,
    desired: (current: object | null) => (current === null ? made.desired(null) : unchanged(made, current)),
  }));
}

function unchanged(made: Want, current: object): object {
  // Still refuses what is no folder.
  made.desired(current);
  return {};
}

function treeWants(args: Args, src: string, sources: readonly LocalSource[]): Want[] {
  const name = src.slice(src.replace(/\/+$/, '').lastIndexOf('/') + 1).replace(/\/+$/, '');
  const top = src.endsWith('/') ? filePath(args.dest) : joinPath(args.dest, name);
  const paths = [...new Set(sources.map((source) => parentOf(joinPath(top, source.relativePath))))].sort();
  return [
    ...[top, ...paths.filter((path) => path !== top)].flatMap((path) => folders(args, path)),
    ...sources.flatMap((source) =>
      contentWants(joinPath(top, source.relativePath), sourceContent(source), optionsOf(args, modeOf(source))),
    ),
  ];
}

function modeOf(source: LocalSource): string {
  return source.executable ? '0755' : '0644';
}

/** A file of the host: what it holds is known when it is looked at. */
function remoteWants(args: Args, src: string): Want[] {
  const from = filePath(src);
  const dest = filePath(args.dest);
  const inside = joinPath(dest, from.slice(from.lastIndexOf('/') + 1));
  const source = observe(file, { path: from, digests: ['sha256'] }, (current) => {
    const facts = current?.to ?? current;
    if (!facts) throw new VezaError('no-file', `Source ${from} not found`);
    if (facts.type === 'directory') {
      throw new VezaError('not-supported', `${from} is a folder; remote_src copies files only`, {
        hint: 'Use command: cp -a, with creates.',
      });
    }
  });
  const facts = () => source.state()?.to ?? source.state();
  const target = observe(file, { path: dest });
  const parent = parentLook(dest);
  const content: FileContent = { sha256: '', sizeBytes: 0, remotePath: from };
  const plain = optionsOf(args);
  const one = (path: string, applies: () => boolean, check: () => void): Want =>
    want(file, contentId(path, content, plain), (current) => {
      if (!applies()) return {};
      if (current === null) check();
      // A source that an earlier task is only going to write may have no hash yet: it then counts as different.
      return desiredContent(current, { sha256: facts()?.sha256 ?? 'unknown' }, path, optionsOf(args, facts()?.mode));
    });
  return [
    ...accountWants(plain.attributes),
    ...(args.dest.endsWith('/') ? folders(args, dest) : []),
    parent.want,
    source.want,
    target.want,
    one(dest, () => !isFolder(target.state()), parent.check),
    one(
      inside,
      () => isFolder(target.state()),
      () => undefined,
    ),
  ];
}
