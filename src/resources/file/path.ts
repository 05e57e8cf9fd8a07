// Paths on hosts: absolute, with one spelling each. Symbolic links are not resolved here.
import { VezaError } from '../../lib/errors.ts';

/** Throws VezaError `invalid-path` for a path that is empty, relative or holds NUL. */
export function filePath(path: string): string {
  if (!path.startsWith('/') || path.includes('\0')) {
    throw new VezaError('invalid-path', `"${path}" is not an absolute path`, {
      hint: path.startsWith('~') ? 'Write the home folder in full.' : 'A path on a host begins with /.',
    });
  }
  const words = path.split('/').filter((word) => word !== '' && word !== '.');
  return `/${words.join('/')}`;
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

export function joinPath(folder: string, name: string): string {
  return filePath(`${folder}/${name}`);
}

/** All folders above a path, the highest first, without `/`. */
export function ancestorsOf(path: string): string[] {
  const words = path.split('/').slice(1, -1);
  return words.map((_, index) => `/${words.slice(0, index + 1).join('/')}`);
}
