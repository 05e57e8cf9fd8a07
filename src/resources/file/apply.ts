// The scripts that change one path. Everything is prepared beside it and put in place by one rename.
import { joinScripts, quote, rawShell, sh, type Script } from '../../lib/shell.ts';
import { VezaError } from '../../lib/errors.ts';
import type { Change } from '../../core/change.ts';
import { fitsInline, printBytes } from '../support/payload.ts';
import { splitWords } from '../support/words.ts';
import type { FileContent, FileFacts, FileId, FileState, Touch } from './state.ts';

export function applyFile(id: FileId, change: Change<FileState>, current: FileState | null): Script {
  const { after } = change;
  if (after === null) return remove(id, current);
  // Through a symbolic link: the managed attributes are those of what it leads to.
  if (after.to) {
    const facts = current?.to ?? null;
    const wanted = facts ? onlyDifferent(facts, after.to) : after.to;
    return joinScripts(sh`p=$(readlink -f ${id.path}) || exit 1`, place(id, wanted, facts, true));
  }
  return joinScripts(sh`p=${id.path}`, place(id, after, current, false));
}

function place(id: FileId, wanted: Partial<FileState>, current: FileFacts | null, follow: boolean): Script {
  if (wanted.sha256 !== undefined) return write(id, wanted, current);
  if (wanted.hardLink !== undefined) return hardLink(wanted.hardLink, id);
  if (wanted.target !== undefined) return joinScripts(link(wanted.target, current), attributes(wanted, 'link', false));
  const type = wanted.type ?? current?.type;
  return joinScripts(
    wanted.type === 'directory' && rawShell('mkdir "$p" || exit 1'),
    wanted.type === 'file' && rawShell('(set -C; : >"$p") || exit 1'),
    attributes(wanted, type, follow),
    wanted.touched && touch(wanted.touched, follow || type !== 'link'),
  );
}

function attributes(wanted: Partial<FileFacts>, type: FileFacts['type'] | undefined, follow: boolean): Script {
  const owner = ownership(wanted);
  const asLink = type === 'link' && !follow;
  return joinScripts(
    owner !== null && sh`chown ${asLink ? rawShell('-h ') : null}${owner} "$p" || exit 1`,
    // After chown, which clears the set-id bits. Links have no mode of their own.
    wanted.mode !== undefined && !asLink && sh`chmod ${wanted.mode} "$p" || exit 1`,
  );
}

/** `owner:group` for chown; null where neither is wanted. */
function ownership(wanted: Partial<FileFacts>): string | null {
  const owner = wanted.owner ?? wanted.uid;
  const group = wanted.group ?? wanted.gid;
  if (owner === undefined && group === undefined) return null;
  return `${owner ?? ''}${group === undefined ? '' : `:${group}`}`;
}

function write(id: FileId, wanted: Partial<FileFacts>, current: FileFacts | null): Script {
  const { content } = id;
  if (!content) throw new VezaError('internal', `no content is known for ${id.path}`);
  const kept = current?.type === 'file' ? current : null;
  return joinScripts(
    rawShell(`if [ -d "$p" ] && ! [ -L "$p" ]; then printf '%s is a directory\\n' "$p" >&2; exit 1; fi
t=$(umask 077; mktemp "\${p%/*}/.vz-XXXXXXXX") || exit 1
trap 'rm -f "$t"' EXIT
trap 'exit 1' HUP INT TERM`),
    fill(content),
    owned(wanted, kept),
    mode(wanted, kept),
    id.validate !== undefined && validated(id.validate, id.path),
    id.backup === true && current !== null && backup,
    rawShell(`sync "$t" 2>/dev/null || :
if [ -L "$p" ] && [ -d "$p" ]; then rm -f "$p" || exit 1; fi
mv -f "$t" "$p" || exit 1`),
  );
}

function fill(content: FileContent): Script {
  if (content.remotePath !== undefined) return sh`cat ${content.remotePath} >"$t" || exit 1`;
  if (content.local && !fitsInline(content.sizeBytes)) return received(content.sizeBytes, content.local);
  const bytes = content.bytes?.() ?? new Uint8Array();
  if (!fitsInline(bytes.length)) return received(bytes.length, bytes);
  return joinScripts(rawShell('{'), printBytes(bytes), rawShell('} >"$t" || exit 1'));
}

/** A connection that breaks can look like the end of the input: what is not whole is never put in place. */
function received(sizeBytes: number, stdin: NonNullable<Script['stdin']>): Script {
  const { text } = sh`cat >"$t" || exit 1
[ "$(wc -c <"$t")" -eq ${sizeBytes} ] || { printf 'only a part of %s came\n' "$p" >&2; exit 1; }`;
  return { text, stdin };
}

function owned(wanted: Partial<FileFacts>, kept: FileFacts | null): Script {
  const strict = ownership(wanted);
  // Who replaces a file keeps its owner where it may; only what is wanted must succeed.
  const keep = kept?.uid === undefined ? null : `${kept.uid}:${kept.gid ?? ''}`;
  return joinScripts(
    keep !== null && sh`chown ${keep} "$t" 2>/dev/null || :`,
    strict !== null && sh`chown ${strict} "$t" || exit 1`,
  );
}

function mode(wanted: Partial<FileFacts>, kept: FileFacts | null): Script {
  const known = wanted.mode ?? kept?.mode;
  if (known !== undefined) return sh`chmod ${known} "$t" || exit 1`;
  return rawShell('chmod "$(printf %o "$((0666 & ~0$(umask)))")" "$t" || exit 1');
}

/** Programs that judge a file by the ending of its name get the ending that it will have. */
function validated(command: string, path: string): Script {
  const [ending] = /\.[A-Za-z0-9]+$/.exec(path) ?? [];
  const words = splitWords(command).map((word) =>
    word
      .split('%s')
      .map((part) => (part === '' ? '' : quote(part)))
      .join('"$t"'),
  );
  return joinScripts(
    ending !== undefined && sh`mv -f "$t" "$t"${ending} || exit 1\nt=$t${ending}`,
    rawShell(`out=$(${words.map((word) => (word === '' ? "''" : word)).join(' ')} 2>&1) || {`),
    sh`  printf 'failed to validate with "%s" (exit status %s):\n%s\n' ${command} "$?" "$out" >&2`,
    rawShell('  exit 1\n}'),
  );
}

const backup = rawShell(`b=$p.$$.$(date +%Y-%m-%d@%H:%M:%S)~
if [ -e "$p" ]; then cp -p "$p" "$b" || exit 1; printf 'backup_file=%s\\n' "$b"; fi`);

function link(target: string, current: FileFacts | null): Script {
  return joinScripts(
    current?.type === 'directory' && rawShell('rmdir "$p" || exit 1'),
    sh`t=$(umask 077; mktemp "\${p%/*}/.vz-XXXXXXXX") && rm -f "$t" && ln -s -- ${target} "$t" || exit 1`,
    rawShell(`trap 'rm -f "$t"' EXIT
mv -f -T "$t" "$p" 2>/dev/null || { rm -f "$p" && mv -f "$t" "$p"; } || exit 1`),
  );
}

function hardLink(source: string, id: FileId): Script {
  return joinScripts(
    sh`s=${source}`,
    rawShell(`t=$(umask 077; mktemp "\${p%/*}/.vz-XXXXXXXX") && rm -f "$t" && ln "$s" "$t" || exit 1
trap 'rm -f "$t"' EXIT`),
    id.backup === true && backup,
    rawShell('mv -f "$t" "$p" || exit 1'),
  );
}

function touch(touched: Touch, follow: boolean): Script {
  const one = (flag: string, when: string | undefined): Script | false =>
    when !== undefined &&
    sh`touch ${follow ? null : rawShell('-h ')}-c ${rawShell(flag)}${when === 'now' ? null : sh` -t ${when}`} "$p" || exit 1`;
  return joinScripts(one('-a', touched.accessed), one('-m', touched.modified));
}

function remove(id: FileId, current: FileState | null): Script {
  if (id.path === '/' || id.path === '') throw new VezaError('refused', 'the root of the file system is never removed');
  if (current?.type === 'directory') return sh`rm -rf ${id.path} || exit 1`;
  return sh`rm -f ${id.path} || exit 1`;
}

function onlyDifferent(before: FileFacts, after: FileFacts): Partial<FileFacts> {
  return Object.fromEntries(Object.entries(after).filter(([key, value]) => value !== Reflect.get(before, key)));
}
