// What is known of a path on a host, and what a want of it says. Shapes only.
import type { LocalFile } from '../../lib/shell.ts';

export type FileType = 'file' | 'directory' | 'link' | 'char' | 'block' | 'fifo' | 'socket';

export type DigestName = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

/** What stat and the hash tools say of one inode. Times are seconds since 1970. */
export interface FileFacts {
  readonly type: FileType;
  /** Four octal digits, for instance `0644`. */
  readonly mode: string;
  /** Names; the decimal id where the host has no name for it. */
  readonly owner?: string;
  readonly group?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly sizeBytes?: number;
  readonly modifiedAt?: number;
  readonly accessedAt?: number;
  readonly changedAt?: number;
  readonly inode?: number;
  readonly device?: number;
  readonly links?: number;
  /** Hex; of regular files that were asked for it and could be read. */
  readonly sha256?: string;
  readonly digests?: Readonly<Partial<Record<DigestName, string>>>;
  /** The content, where it is text, small enough for a diff, and not as wanted. */
  readonly text?: string;
}

export interface FileState extends FileFacts {
  /** Of a symbolic link, as written in it. */
  readonly target?: string;
  /** What a symbolic link leads to; null: nothing. Missing where that is not known (a link that is only predicted). */
  readonly to?: FileFacts | null;
  /** What the identity that looked may do: some of `rwx`. */
  readonly access?: string;
  /** Wanted only: times set to now or to a moment (`touch -t` format). */
  readonly touched?: Touch;
  /** Wanted only: the path that this one becomes a hard link of. */
  readonly hardLink?: string;
}

export interface Touch {
  readonly accessed?: string;
  readonly modified?: string;
}

/** Bytes that a file is to have. Exactly one of the three sources. */
export interface FileContent {
  /** Hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly bytes?: () => Uint8Array;
  /** A file of the controller, too large to hold. */
  readonly local?: LocalFile;
  /** A path on the same host. */
  readonly remotePath?: string;
}

/** How a path is looked at, and the means to change it. */
export interface FileId {
  /** Absolute and normalised: see `filePath`. */
  readonly path: string;
  readonly digests?: readonly DigestName[];
  /** Send the text unless its SHA-256 is this one; an empty string: send it always. */
  readonly unlessSha256?: string;
  readonly access?: boolean;
  readonly content?: FileContent;
  /** A command with `%s` for the new file; it must succeed before the old one is replaced. */
  readonly validate?: string;
  readonly backup?: boolean;
}
