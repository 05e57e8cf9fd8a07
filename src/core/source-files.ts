// How the readers of playbooks and inventories see files. They do no I/O themselves; an adapter or a test brings this.
import type { Diagnostic } from '../lib/diagnostic.ts';
import { DiagnosticsError, VezaError } from '../lib/errors.ts';
import { isEncrypted } from '../lib/vault/envelope.ts';
import type { Reveal } from '../lib/yaml.ts';

export interface SourceFiles {
  /** The text of a file, decrypted where it is encrypted; `null` where there is none that can be read. Throws VezaError. */
  read(path: string): string | null;
  isDirectory(path: string): boolean;
  /** Names (not paths) in a directory, sorted; empty where there is no such directory. */
  list(path: string): readonly string[];
  /** Decrypts a `!vault` value of a file. Throws VezaError; absent where there are no passwords. */
  readonly reveal?: Reveal;
}

/** The text of a file; what keeps it from being read is reported as a problem of that file, and the text is `null`. */
export function readSource(
  files: Pick<SourceFiles, 'read'>,
  path: string,
  report: (diagnostic: Diagnostic) => void,
): string | null {
  const where = { file: path, line: 1, column: 1 };
  try {
    const text = files.read(path);
    if (text === null || !isEncrypted(text)) return text;
    report({ severity: 'error', code: 'vault-no-password', message: `${path} is encrypted`, where });
  } catch (error) {
    if (!(error instanceof VezaError)) throw error;
    if (error instanceof DiagnosticsError) {
      error.diagnostics.forEach(report);
      return null;
    }
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    report({ severity: 'error', code: error.code, message: error.message, where: error.where ?? where, ...hint });
  }
  return null;
}
