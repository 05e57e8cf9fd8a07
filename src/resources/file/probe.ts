// Looks at many paths with one stat, one hash tool and one base64 a file that differs. GNU and BusyBox, POSIX sh.
import { limits } from '../../lib/limits.ts';
import { joinScripts, rawShell, sh, type Script } from '../../lib/shell.ts';
import type { DigestName, FileId } from './state.ts';

/** Fields that have no newline, then the path: paths are recognised because they are known, not because they are quoted. */
const statFormat = '%f|%u|%g|%s|%Y|%X|%Z|%i|%d|%h|%U|%G|';

/** Arguments of one call; far below the kernel's limit for one command line. */
const pathsPerCall = 200;

export const allDigests: readonly DigestName[] = ['sha256', 'sha1', 'md5', 'sha224', 'sha384', 'sha512'];

/** The groups of ids that one call looks at. The order is the order of the output. */
export function fileGroups(ids: readonly FileId[]): (readonly FileId[])[] {
  const groups = [];
  for (let index = 0; index < ids.length; index += pathsPerCall) groups.push(ids.slice(index, index + pathsPerCall));
  return groups;
}

export function probeFiles(ids: readonly FileId[]): Script {
  return joinScripts(prelude, ...fileGroups(ids).map(probeGroup));
}

export function wantsDigest(id: FileId, name: DigestName): boolean {
  return (id.digests?.includes(name) ?? false) || (name === 'sha256' && id.unlessSha256 !== undefined);
}

const prelude = rawShell(`LC_ALL=C; export LC_ALL
nl='
'
vz_stat() {
  echo stat
  { vz_errors=$(stat -c '${statFormat}%n' "$@" 2>&1 >&3); } 3>&1
  echo end
}
vz_links() {
  i=0
  for p do
    if [ -L "$p" ]; then
      target=$(readlink "$p"; printf .)
      target=\${target%.}
      target=\${target%"$nl"}
      case $target in
        *"$nl"*) printf 'link %s hex\\n' "$i"; printf %s "$target" | od -An -v -tx1; echo . ;;
        *) printf 'link %s raw\\n%s\\n' "$i" "$target" ;;
      esac
      stat -L -c 'to ${statFormat}' "$p" 2>/dev/null || echo 'to nothing'
    fi
    i=$((i + 1))
  done
  echo end
}
vz_access() {
  for p do
    a=
    [ -r "$p" ] && a=r
    [ -w "$p" ] && a=\${a}w
    [ -x "$p" ] && a=\${a}x
    printf 'access %s\\n' "$a"
  done
}
vz_sums() {
  tool=$1
  shift
  n=$#
  for p do
    if [ -f "$p" ] && [ -r "$p" ]; then set -- "$@" "$p"; fi
  done
  shift "$n"
  sums=
  if [ $# -gt 0 ]; then
    if command -v "\${tool}sum" >/dev/null 2>&1; then sums=$("\${tool}sum" "$@" 2>/dev/null)
    elif command -v openssl >/dev/null 2>&1; then sums=$(openssl dgst "-$tool" -r "$@" 2>/dev/null)
    fi
  fi
  printf 'sums %s\\n' "$tool"
  [ -z "$sums" ] || printf '%s\\n' "$sums"
  echo end
}
vz_text() {
  case $nl$sums$nl in *"$nl$2  $3$nl"*) return ;; esac
  [ -f "$3" ] && [ -r "$3" ] && [ "$(wc -c <"$3")" -le ${limits.diffBytes} ] || return 0
  if command -v base64 >/dev/null 2>&1; then
    printf 'text %s base64\\n' "$1"
    base64 <"$3"
  else
    printf 'text %s hex\\n' "$1"
    od -An -v -tx1 <"$3"
  fi
  echo .
}`);

function probeGroup(ids: readonly FileId[]): Script {
  const paths = ids.map((id) => id.path);
  const sums = allDigests.map((name) => {
    const asked = ids.filter((id) => wantsDigest(id, name)).map((id) => id.path);
    return asked.length > 0 && sh`vz_sums ${name} ${asked}`;
  });
  // The texts compare with the sums of the call before, so SHA-256 and the texts come first.
  const texts = ids.map((id, index) => {
    return id.unlessSha256 !== undefined && sh`vz_text ${index} ${id.unlessSha256 || 'none'} ${id.path}`;
  });
  const asked = ids.filter((id) => id.access).map((id) => id.path);
  return joinScripts(
    sh`vz_stat ${paths}`,
    sh`vz_links ${paths}`,
    asked.length > 0 && sh`vz_access ${asked}`,
    sums[0] ?? null,
    ...texts,
    rawShell('echo end'),
    ...sums.slice(1),
    rawShell(`printf 'errors\\n%s\\nend of errors\\n' "$vz_errors"`),
  );
}
