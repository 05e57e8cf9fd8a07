// How the readers of playbooks and inventories see files. They do no I/O themselves; an adapter or a test brings this.

export interface SourceFiles {
  /** The text of a file; `null` where there is none that can be read. */
  read(path: string): string | null;
  isDirectory(path: string): boolean;
  /** Names (not paths) in a directory, sorted; empty where there is no such directory. */
  list(path: string): readonly string[];
}
