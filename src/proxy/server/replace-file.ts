// A configuration file takes the place of another.
import { copyFileSync, renameSync, statSync, writeFileSync } from 'node:fs';

/** In one step, so that whoever reads the file sees one or the other; what it was is kept beside it as FILE.previous. */
export function replaceFile(file: string, text: string): void {
  const mode = statSync(file).mode & 0o777;
  copyFileSync(file, `${file}.previous`);
  writeFileSync(`${file}.new`, text, { mode, flush: true });
  renameSync(`${file}.new`, file);
}
