// Attributes of paths, folders, links, and their absence. Content is copy's and template's.
import { defineModule } from '../core/module.ts';
import { observe, want, type Want } from '../core/resource.ts';
import { VezaError } from '../lib/errors.ts';
import { file } from '../resources/file.ts';
import { filePath, parentOf } from '../resources/file/path.ts';
import type { FileState } from '../resources/file/state.ts';
import { tree, type TreeState } from '../resources/tree.ts';
import { accountWants, attributeProperties, attributesOf, wantedAttributes } from './shared/attributes.ts';
import { directoryWants, fileResult, fileReturns, parentLook } from './shared/files.ts';

interface Args {
  readonly path: string;
  readonly state?: 'file' | 'directory' | 'link' | 'hard' | 'touch' | 'absent';
  readonly src?: string;
  readonly recurse?: boolean;
  readonly follow?: boolean;
  readonly force?: boolean;
  readonly access_time?: string;
  readonly modification_time?: string;
  readonly owner?: string | number;
  readonly group?: string | number;
  readonly mode?: string;
}

export default defineModule({
  name: 'file',
  summary: 'Set the attributes of a path; make folders and links; remove things.',
  argumentAliases: { dest: 'path', name: 'path' },
  returns: fileReturns,
  schema: {
    type: 'object',
    required: ['path'],
    additionalProperties: false,
    properties: {
      path: { type: 'string', pattern: '^/', description: 'Absolute path on the host.', $comment: 'Begin it with /.' },
      state: {
        enum: ['file', 'directory', 'link', 'hard', 'touch', 'absent'],
        description:
          'directory: a folder, with those above it. link: a symbolic link to `src`. hard: a hard link to `src`. touch: a file, empty if new. absent: nothing (folders with all that is in them). file: only attributes of what must be there. Default: what is there, else file.',
      },
      src: { type: 'string', minLength: 1, description: 'What a link leads to.' },
      recurse: { type: 'boolean', default: false, description: 'Set the attributes of everything in the folder too.' },
      follow: { type: 'boolean', default: true, description: 'Set the attributes of what a symbolic link leads to.' },
      force: {
        type: 'boolean',
        default: false,
        description: 'Make a link although `src` is missing, and in place of a file or an empty folder.',
      },
      access_time: {
        type: 'string',
        pattern: '^(preserve|now|\\d{12}(\\.\\d\\d)?)$',
        description: 'preserve, now, or YYYYMMDDhhmm.ss. Default: now with state=touch, else preserve.',
      },
      modification_time: {
        type: 'string',
        pattern: '^(preserve|now|\\d{12}(\\.\\d\\d)?)$',
        description: 'preserve, now, or YYYYMMDDhhmm.ss. Default: now with state=touch, else preserve.',
      },
      ...attributeProperties,
    },
  },
  examples: [
    { title: 'A folder of a service', args: { path: '/var/lib/app', state: 'directory', owner: 'app', mode: '0750' } },
    { title: 'A link to the current release', args: { path: '/opt/app/current', src: '/opt/app/1.2', state: 'link' } },
    { title: 'Nothing there', args: { path: '/etc/nginx/sites-enabled/default', state: 'absent' } },
  ],
  wants: (args) => {
    const path = safePath(args);
    switch (args.state ?? (args.recurse === true ? 'directory' : undefined)) {
      case 'absent':
        return [want(file, { path }, () => null)];
      case 'directory':
        return folderWants(args, path);
      case 'link':
        return linkWants(args, path);
      case 'hard':
        return hardLinkWants(args, path);
      case 'touch':
        return touchWants(args, path);
      case 'file':
      case undefined:
        return attributeWants(args, path);
    }
  },
  result: (outcome, args) => fileResult(outcome, filePath(args.path)),
});

function safePath(args: Args): string {
  const path = filePath(args.path);
  if (path === '/' && args.state !== 'directory') {
    throw new VezaError('refused', 'the root of the file system is not changed like that');
  }
  if (args.state === 'hard' && args.src === undefined) {
    throw new VezaError('missing-argument', 'a hard link needs src, the path that it is another name of');
  }
  if (args.recurse === true && args.state !== undefined && args.state !== 'directory') {
    throw new VezaError('invalid-argument', 'recurse needs state: directory');
  }
  return path;
}

function folderWants(args: Args, path: string): Want[] {
  const attributes = attributesOf(args);
  const wants = directoryWants(path, attributes, args.follow !== false);
  if (args.recurse !== true || Object.keys(attributes).length === 0) return wants;
  return [...wants, want(tree, { path, ...attributes }, (): TreeState => ({ below: 'as wanted' }))];
}

function attributeWants(args: Args, path: string): Want[] {
  const attributes = attributesOf(args);
  return [
    ...accountWants(attributes),
    want(file, { path }, (current) => {
      if (current === null) {
        throw new VezaError('no-file', `file (${path}) is absent, cannot continue`, {
          hint: 'Make it with copy or template, or with state: touch or directory.',
        });
      }
      if (args.state === 'file' && current.type === 'directory') {
        throw new VezaError('is-a-directory', `${path} is a directory, not a file`);
      }
      return { ...onto(args, current), ...times(args, 'preserve') };
    }),
  ];
}

/** The attributes on the path itself, or on what it leads to. */
function onto(args: Args, current: FileState): Partial<FileState> {
  const attributes = attributesOf(args);
  if (current.type !== 'link' || args.follow === false) return wantedAttributes(attributes, current, current.type);
  if (current.to === null) throw new VezaError('no-file', `the link ${args.path} leads to nothing`);
  const { to } = current;
  return to ? { to: { ...to, ...wantedAttributes(attributes, to, to.type) } } : {};
}

function times(args: Args, byDefault: 'now' | 'preserve'): Partial<FileState> {
  const accessed = args.access_time ?? byDefault;
  const modified = args.modification_time ?? byDefault;
  if (accessed === 'preserve' && modified === 'preserve') return {};
  return {
    touched: { ...(accessed !== 'preserve' && { accessed }), ...(modified !== 'preserve' && { modified }) },
  };
}

function touchWants(args: Args, path: string): Want[] {
  const attributes = attributesOf(args);
  const parent = parentLook(path);
  return [
    ...accountWants(attributes),
    parent.want,
    want(file, { path }, (current): Partial<FileState> => {
      if (current) return { ...onto(args, current), ...times(args, 'now') };
      parent.check();
      return { type: 'file', ...wantedAttributes(attributes, null, 'file') };
    }),
  ];
}

function linkWants(args: Args, path: string): Want[] {
  const attributes = attributesOf(args);
  const { src } = args;
  const parent = parentLook(path);
  const source = observe(file, { path: src === undefined ? path : resolved(src, path) });
  return [
    ...accountWants(attributes),
    parent.want,
    source.want,
    want(file, { path }, (current): Partial<FileState> => {
      if (src === undefined) return existingLink(args, path, current);
      if (source.state() === null && args.force !== true) {
        throw new VezaError('no-file', `src file does not exist: ${resolved(src, path)}`, {
          hint: 'Use force: true if the link shall lead to nothing for now.',
        });
      }
      if (current === null) parent.check();
      else if (current.type !== 'link' && args.force !== true) {
        throw new VezaError('refused', `refusing to convert from ${current.type} to symlink for ${path}`, {
          hint: 'Use force: true, or remove it first.',
        });
      }
      // Only the owner of a link can be set, and it is the link's own where it is not followed.
      const own = args.follow === false ? wantedAttributes(attributes, null, 'link') : {};
      return { type: 'link', target: src, ...own };
    }),
  ];
}

function existingLink(args: Args, path: string, current: FileState | null): Partial<FileState> {
  if (current?.type === 'link') return onto(args, current);
  throw new VezaError('missing-argument', `src is required to make the link ${path}`);
}

/** A relative target is seen from the folder of the link. */
function resolved(src: string, path: string): string {
  const absolute = src.startsWith('/') ? src : `${parentOf(path)}/${src}`;
  const words: string[] = [];
  for (const word of absolute.split('/')) {
    if (word === '..') words.pop();
    else if (word !== '' && word !== '.') words.push(word);
  }
  return `/${words.join('/')}`;
}

function hardLinkWants(args: Args, path: string): Want[] {
  const attributes = attributesOf(args);
  const src = filePath(args.src ?? '');
  const parent = parentLook(path);
  const source = observe(file, { path: src });
  return [
    ...accountWants(attributes),
    parent.want,
    source.want,
    want(file, { path }, (current): Partial<FileState> => {
      const linked = source.state();
      if (linked === null) throw new VezaError('no-file', `src does not exist: ${src}`);
      if (current === null) parent.check();
      else if (current.inode === linked.inode && current.device === linked.device && current.inode !== undefined) {
        return wantedAttributes(attributes, current, current.type);
      } else if (args.force !== true) {
        throw new VezaError('refused', `Cannot link, ${path} exists and is another file than ${src}`, {
          hint: 'Use force: true, or remove it first.',
        });
      }
      return { type: linked.type, hardLink: src, ...wantedAttributes(attributes, linked, linked.type) };
    }),
  ];
}
