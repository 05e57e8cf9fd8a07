// Reads known_hosts files, and appends to them under a lock, so that parallel runs do not tear each other's lines.
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VezaError, messageOf } from '../../lib/errors.ts';
import { type KnownHost, parseKnownHosts } from './known-hosts.ts';

const lockPatienceMs = 5_000;
/** A lock this old was left behind: an append takes milliseconds. */
const lockStaleMs = 10_000;

/** The file that is written; the system's is only read. */
export function defaultKnownHostsFile(): string {
  return join(homedir(), '.ssh', 'known_hosts');
}

/** All entries that count for a host. Rejects with VezaError `known-hosts-invalid`; a missing file is empty. */
export async function readKnownHosts(file: string | undefined): Promise<KnownHost[]> {
  const files = file === undefined ? [defaultKnownHostsFile(), '/etc/ssh/ssh_known_hosts'] : [file];
  const lists = await Promise.all(files.map((each) => readEntries(each)));
  return lists.flat();
}

/** Appends a line unless `isKnown` says, under the lock, that it is there already. */
export async function appendKnownHost(
  file: string,
  line: string,
  isKnown: (entries: readonly KnownHost[]) => boolean,
): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await withLock(`${file}.lock`, async () => {
      if (isKnown(await readEntries(file))) return;
      await using handle = await open(file, 'a+', 0o600);
      const text = await handle.readFile('utf8');
      await handle.appendFile(`${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`);
      await handle.sync();
    });
  } catch (error) {
    if (error instanceof VezaError) throw error;
    throw invalid(file, `cannot be written: ${messageOf(error)}`, error);
  }
}

async function readEntries(file: string): Promise<KnownHost[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw invalid(file, `cannot be read: ${messageOf(error)}`, error);
  }
  const { entries, malformed } = parseKnownHosts(text, file);
  const [bad] = malformed;
  if (bad) {
    throw new VezaError('known-hosts-invalid', `${file} line ${bad.line}: ${bad.problem}`, {
      where: { file, line: bad.line, column: 1 },
      hint: 'Correct or remove the line; a file that cannot be understood protects nobody.',
    });
  }
  return entries;
}

async function withLock(lock: string, act: () => Promise<void>): Promise<void> {
  const deadlineMs = Date.now() + lockPatienceMs;
  for (;;) {
    try {
      await (await open(lock, 'wx', 0o600)).close();
      break;
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      const age = Date.now() - ((await stat(lock).catch(() => null))?.mtimeMs ?? Date.now());
      if (age > lockStaleMs) await rm(lock, { force: true });
      else if (Date.now() > deadlineMs) throw new Error(`${lock} is held by another process`, { cause: error });
      else await sleep(20);
    }
  }
  try {
    await act();
  } finally {
    await rm(lock, { force: true });
  }
}

function invalid(file: string, problem: string, cause: unknown): VezaError {
  const hint = 'Name another file with known_hosts_file, or correct its permissions.';
  return new VezaError('known-hosts-invalid', `${file} ${problem}`, { hint, cause });
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
