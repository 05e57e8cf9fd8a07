// Files of roles and playbooks on the controller, found where Ansible looks for them, read once.
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, relative, resolve } from 'node:path';
import { VezaError } from '../lib/errors.ts';
import { isEncrypted, markBytes } from '../lib/vault/envelope.ts';
import { openBytes } from './keyring.ts';
import type { LocalFiles, LocalSource } from '../core/module.ts';

/** Hashes by path, size and time: a large file is read once a process, however many hosts want it. */
const hashes = new Map<string, string>();

/** Looks in the role's own folder first, then beside the playbook. */
export function createLocalFiles(rolePath: string | null, playbookDirectory: string): LocalFiles {
  const places = (path: string, kind: 'files' | 'templates'): string[] => {
    if (isAbsolute(path)) return [path];
    const roots = [...(rolePath === null ? [] : [rolePath]), playbookDirectory];
    return roots.flatMap((root) => [resolve(root, kind, path), resolve(root, path)]);
  };
  return {
    find(path, kind) {
      const candidates = places(path, kind);
      const found = candidates.find((candidate) => existsSync(candidate) && !statSync(candidate).isDirectory());
      if (found !== undefined) return localSource(found, basename(found));
      throw new VezaError('file-not-found', `there is no file "${path}"`, {
        hint: `looked for ${candidates.join(', ')}`,
      });
    },
    list(path, kind) {
      const found = places(path, kind).find((candidate) => existsSync(candidate) && statSync(candidate).isDirectory());
      if (found === undefined) return null;
      return readdirSync(found, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .toSorted()
        .map((file) => localSource(file, relative(found, file)));
    },
  };
}

function localSource(path: string, relativePath: string): LocalSource {
  const { size, mode, mtimeMs } = statSync(path);
  // The plain text of an encrypted file is what is copied, as with Ansible.
  if (isEncryptedFile(path)) return memorySource(path, relativePath, mode);
  return {
    path,
    relativePath,
    sizeBytes: size,
    executable: (mode & 0o111) !== 0,
    sha256() {
      const key = `${path} ${size} ${mtimeMs}`;
      const hash = hashes.get(key) ?? createHash('sha256').update(readFileSync(path)).digest('hex');
      hashes.set(key, hash);
      return hash;
    },
    read: () => readFileSync(path),
  };
}

function isEncryptedFile(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(markBytes);
    return isEncrypted(start.toString('latin1', 0, readSync(file, start, 0, markBytes, 0)));
  } finally {
    closeSync(file);
  }
}

function memorySource(path: string, relativePath: string, mode: number): LocalSource {
  const content = openBytes(readFileSync(path), path, 'text');
  return {
    path,
    relativePath,
    sizeBytes: content.length,
    executable: (mode & 0o111) !== 0,
    sha256: () => createHash('sha256').update(content).digest('hex'),
    read: () => content,
  };
}
