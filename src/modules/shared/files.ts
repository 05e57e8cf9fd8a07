// The wants that the modules about files share: folders, and files with a content.
import { createHash } from 'node:crypto';
import { limits } from '../../lib/limits.ts';
import { VezaError } from '../../lib/errors.ts';
import { observe, want, type Want } from '../../core/resource.ts';
import type { LocalSource, Outcome, OutcomeChange } from '../../core/module.ts';
import type { JsonObject } from '../../lib/json.ts';
import { file } from '../../resources/file.ts';
import { ancestorsOf, joinPath, parentOf } from '../../resources/file/path.ts';
import type { FileContent, FileFacts, FileId, FileState } from '../../resources/file/state.ts';
import { accountWants, wantedAttributes, type Attributes } from '../shared/attributes.ts';

/** Arguments of every module that writes files. */
export const writingProperties = {
  force: { type: 'boolean', default: true, description: 'Replace what differs; else only make what is missing.' },
  follow: { type: 'boolean', default: false, description: 'Write through a symbolic link instead of replacing it.' },
  backup: { type: 'boolean', default: false, description: 'Keep a copy of the old file beside it, with the time.' },
} as const;

export interface ContentOptions {
  readonly attributes: Attributes;
  /** Replace what is there; else only what is missing is made. */
  readonly force: boolean;
  readonly follow: boolean;
  readonly backup: boolean;
  readonly validate?: string;
}

export function bytesContent(bytes: Uint8Array): FileContent {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { sha256, sizeBytes: bytes.length, bytes: () => bytes };
}

/** Small files travel in the script and can be shown; large ones are only pointed at. */
export function sourceContent(source: LocalSource): FileContent {
  const { path, sizeBytes } = source;
  const how = sizeBytes <= limits.inlineContentBytes ? { bytes: () => source.read() } : { local: { path, sizeBytes } };
  return {
    ...how,
    sizeBytes,
    // Asked for only where it matters: with `force: false` a large file that is there is never read.
    get sha256() {
      return source.sha256();
    },
  };
}

/** How a file that is to have a content is looked at. Nothing is hashed that need not be. */
export function contentId(path: string, content: FileContent, options: ContentOptions): FileId {
  const look = !options.force
    ? {}
    : content.bytes && content.sizeBytes <= limits.diffBytes
      ? { unlessSha256: content.sha256 }
      : { digests: ['sha256'] as const };
  return {
    path,
    content,
    ...look,
    ...(options.validate !== undefined && { validate: options.validate }),
    ...(options.backup && { backup: true }),
  };
}

export function desiredContent(
  current: FileState | null,
  content: Pick<FileContent, 'sha256'>,
  path: string,
  options: ContentOptions,
): Partial<FileState> {
  const throughLink = options.follow && current?.type === 'link';
  const facts = throughLink ? (current.to ?? null) : current;
  if (facts?.type === 'directory') {
    throw new VezaError('is-a-directory', `${path} is a directory on the host`, {
      hint: 'Name the file in dest, or remove the directory first.',
    });
  }
  if (current !== null && !options.force) return {};
  const base = facts?.type === 'file' ? facts : null;
  const wanted = {
    type: 'file' as const,
    sha256: content.sha256,
    ...wantedAttributes(options.attributes, base, 'file'),
  };
  return throughLink ? { to: { mode: '0644', ...facts, ...wanted } } : wanted;
}

/** One file with a content, in a folder that must be there. */
export function contentWants(path: string, content: FileContent, options: ContentOptions): Want[] {
  const parent = parentLook(path);
  return [
    ...accountWants(options.attributes),
    parent.want,
    want(file, contentId(path, content, options), (current) => {
      if (current === null) parent.check();
      return desiredContent(current, content, path, options);
    }),
  ];
}

/** A file, or one of its name in `path` if that is a folder (or a link to one): which it is, only the host knows. */
export function contentOrInsideWants(
  path: string,
  name: string,
  content: FileContent,
  options: ContentOptions,
): Want[] {
  const target = observe(file, { path });
  const parent = parentLook(path);
  const inside = joinPath(path, name);
  return [
    ...accountWants(options.attributes),
    parent.want,
    target.want,
    want(file, contentId(path, content, options), (current) => {
      if (isFolder(current)) return {};
      if (current === null) parent.check();
      return desiredContent(current, content, path, options);
    }),
    want(file, contentId(inside, content, options), (current) =>
      isFolder(target.state()) ? desiredContent(current, content, inside, options) : {},
    ),
  ];
}

/** A folder and, with the same attributes where they are missing, all folders above it. */
export function directoryWants(path: string, attributes: Attributes, follow = true): Want[] {
  return [
    ...accountWants(attributes),
    ...ancestorsOf(path).map((ancestor) =>
      want(file, { path: ancestor }, (current) => {
        if (current === null) return { type: 'directory', ...wantedAttributes(attributes, null, 'directory') };
        if (isFolder(current)) return {};
        throw new VezaError('not-a-directory', `${ancestor} is not a directory on the host, so ${path} cannot be made`);
      }),
    ),
    want(file, { path }, (current) => desiredDirectory(path, current, attributes, follow)),
  ];
}

function desiredDirectory(
  path: string,
  current: FileState | null,
  attributes: Attributes,
  follow: boolean,
): Partial<FileState> {
  if (current?.type === 'link' && follow && isFolder(current)) {
    const facts = current.to;
    return facts ? { to: { ...facts, ...wantedAttributes(attributes, facts, 'directory') } } : {};
  }
  if (current !== null && current.type !== 'directory') {
    throw new VezaError('not-a-directory', `${path} already exists as a ${current.type}`, {
      hint: 'Remove it first (file: state=absent), if it is not needed.',
    });
  }
  return { type: 'directory', ...wantedAttributes(attributes, current, 'directory') };
}

/** Whether a path is a folder, or a link to one; a link that is only predicted is taken to lead to one. */
export function isFolder(state: FileState | null): boolean {
  if (state?.type === 'link') return state.to === undefined || state.to?.type === 'directory';
  return state?.type === 'directory';
}

/** Looks at the folder above a path; `check` throws Ansible's message where it is missing. */
export function parentLook(path: string): { readonly want: Want; readonly check: () => void } {
  const parent = parentOf(path);
  const look = observe(file, { path: parent });
  return {
    want: look.want,
    check: () => {
      if (parent === '/' || isFolder(look.state())) return;
      throw new VezaError('no-directory', `Destination directory ${parent} does not exist`, {
        hint: `Create it in an earlier task (file: path=${parent} state=directory).`,
      });
    },
  };
}

/** What `register` gets, for the documentation. */
export const fileReturns: Readonly<Record<string, string>> = {
  path: 'The path on the host; also as dest.',
  state: 'file, directory, link, ... or absent.',
  mode: 'Permissions, as 0644.',
  owner: 'Name of the owner; uid is the number.',
  group: 'Name of the group; gid is the number.',
  size: 'Size in bytes.',
  checksum: 'SHA-256 of the content, where it was read.',
  backup_file: 'Where the old content is, with backup.',
};

/** What Ansible's modules about files register. */
export function fileResult(outcome: Outcome, path: string): JsonObject {
  const found = lastOf(outcome, path)?.state;
  const facts = found ? factsResult(found) : { state: 'absent' };
  const backup = /^backup_file=(.*)$/m.exec(outcome.output?.stdout ?? '')?.[1];
  return { dest: path, path, ...facts, ...(backup !== undefined && { backup_file: backup }) };
}

function lastOf(outcome: Outcome, path: string): (OutcomeChange & { readonly state: FileState | null }) | undefined {
  const found = outcome.changes.filter((entry) => entry.key === `file:${path}`).at(-1);
  // The kind of the key says what its state is.
  return found as (OutcomeChange & { readonly state: FileState | null }) | undefined;
}

function factsResult(facts: FileFacts): JsonObject {
  const { type, mode, owner, group, uid, gid, sizeBytes, sha256 } = facts;
  return {
    state: type,
    mode,
    ...(owner !== undefined && { owner }),
    ...(group !== undefined && { group }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    ...(sizeBytes !== undefined && { size: sizeBytes }),
    ...(sha256 !== undefined && { checksum: sha256 }),
  };
}
