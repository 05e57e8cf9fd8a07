// Writing files so that others see the old one or the new one, never half of one.
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, rename, rm, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes a folder and those above it that are missing, for the owner only. */
export async function makePrivateFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  // The umask can only take rights away, but a folder that was there may have more.
  if (first === undefined) await chmod(path, 0o700);
}

/** Writes a file beside its place, brings it to the disk, and renames it. `owner`: who it shall belong to. */
export async function writeAtomically(
  path: string,
  content: string | Uint8Array,
  mode: number,
  owner?: { readonly uid: number; readonly gid: number },
): Promise<void> {
  const beside = besideOf(path);
  try {
    const file = await open(beside, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.chmod(mode);
      if (owner) await file.chown(owner.uid, owner.gid);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes `path` a symbolic link to `target`, in the place of one that is there. */
export async function linkAtomically(path: string, target: string): Promise<void> {
  const beside = besideOf(path);
  await symlink(target, beside);
  try {
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

function besideOf(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.new`;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
