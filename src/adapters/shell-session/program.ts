// The shell programs of a session, as texts: set-up, the message of a batch, the feeder of standard input, the killer.
// They must run on dash, bash and BusyBox ash. Bodies travel as one quoted word to `eval` in a subshell:
// a syntax error then ends only the subshell, no process is started for a step, and nothing shows up in argv.
import { quote } from '../../lib/shell.ts';
import type { Step } from '../../engine/ports.ts';
import { printMark } from './marks.ts';

/** Folders tried, in this order, for the named pipes of standard input. */
const pipeFolders = '/tmp /var/tmp /dev/shm /run';

/**
 * Sent once, before the first message. `/` is the fixed folder: relative paths mean the same for every user and transport.
 * A subshell learns its pid by a change of folder: reading it from /proc takes a system call a byte, a process a millisecond.
 */
export function setUp(nonce: string): string {
  const end = printMark(nonce, 'end', '"$1"', '"$2"');
  return `LC_ALL=C; export LC_ALL; umask 022; cd /
PATH="\${PATH:-/usr/local/bin:/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"; export PATH
if [ -r /proc/self/stat ]; then veza_pid() { cd -P /proc/self; veza_p=\${PWD##*/}; cd /; unset OLDPWD; }
else veza_pid() { veza_p=$(exec /bin/sh -c 'echo "$PPID"'); }; fi
veza_begin() { veza_pid; ${printMark(nonce, 'begin', '"$1"', '"$veza_p"')}; }
veza_end() { ${end}; ${end} >&2; [ "$2" = 0 ] || veza_halted=$veza_halt; }
veza_pipe() { for veza_d in ${pipeFolders}; do veza_d=$veza_d/.veza-$1
mkdir -m 700 "$veza_d" 2>/dev/null && mkfifo "$veza_d/in" && return; rm -rf "$veza_d"; done; }
veza_unpipe() { [ ! -p "$veza_d/in" ] || : <>"$veza_d/in"; rm -rf "$veza_d"; }
`;
}

/** One message for steps `first` to the last: begin and end marks around each, then `done` on both streams. */
export function batchMessage(
  nonce: string,
  steps: readonly Step[],
  first: number,
  haltOnFailure: boolean,
  pipeName: (index: number) => string,
): string {
  const lines = [`veza_halted= veza_halt=${haltOnFailure ? '1' : ''}`];
  for (let index = first; index < steps.length; index += 1) {
    const script = steps[index]?.script;
    if (!script) break;
    // Through a variable: bash prints the text of a command that was killed, and bodies may hold secrets.
    const body = 'eval "$veza_s"';
    lines.push(
      `veza_s=${quote(script.text)}`,
      script.stdin === undefined
        ? `[ "$veza_halted" ] || { ( veza_begin ${index}; ${body} ) </dev/null; veza_end ${index} $?; }`
        : `[ "$veza_halted" ] || { veza_pipe ${pipeName(index)}; ( veza_begin ${index}; exec <"$veza_d/in"; ${body} ) </dev/null` +
            `; veza_c=$?; veza_unpipe; veza_end ${index} $veza_c; }`,
    );
  }
  const done = printMark(nonce, 'done', '0', '0');
  return `${lines.join('\n')}\n${done}; ${done} >&2\n`;
}

/**
 * Runs on a second channel: waits for `PID NAME` of the step, then copies its own input into the step's named pipe.
 * When the connection breaks, input ends too: the step is then ended before it can take half an input for the whole.
 * It may clean up after itself: it is asked first, and the input ends only after that.
 * A broken connection is known by standard output, which nobody reads any more.
 */
export const feederProgram = `trap "" PIPE; read -r p n || exit 1
for d in ${pipeFolders}; do f=$d/.veza-$n/in; [ -p "$f" ] && break; done
[ -p "$f" ] || exit 1; exec 3>"$f"; cat >&3 2>/dev/null; printf . 2>/dev/null || {
kill -TERM "$p"; exec 3>&-; rm -rf "\${f%/in}"; sleep 1; kill -KILL "$p"; } 2>/dev/null
rm -rf "\${f%/in}"`;

/**
 * Kills a process with all its descendants: stops it so that nothing new starts, asks the descendants to end,
 * kills after about two seconds what is left, and the process itself last. Without /proc it needs a POSIX ps.
 */
export function killProgram(pid: number): string {
  return `root=${pid}
list() { if [ -r /proc/self/stat ]; then for f in /proc/[0-9]*/stat; do
{ read -r line <"$f"; } 2>/dev/null || continue; rest=\${line##*) }; set -- $rest; echo "\${line%% *} $2 $1"; done
else ps -A -o pid= -o ppid= -o state=; fi; }
kill -STOP $root 2>/dev/null || exit 0
all=" $root "; found=1; table=$(list)
while [ "$found" ]; do found=
while read -r p pp s; do case $all in *" $p "*) ;; *" $pp "*) all="$all$p "; found=1;; esac; done <<EOT
$table
EOT
done
children=\${all#" $root "}
left() { alive=; table=$(list); while read -r p pp s; do case " $children" in *" $p "*) case $s in Z*) ;; *) alive=1;; esac;; esac; done <<EOT
$table
EOT
[ "$alive" ]; }
[ ! "$children" ] || { kill -TERM $children; kill -CONT $children; } 2>/dev/null
n=0; while left && [ $n -lt 20 ]; do sleep 0.1 2>/dev/null || { sleep 1; n=$((n+9)); }; n=$((n+1)); done
[ ! "$children" ] || kill -KILL $children 2>/dev/null
kill -KILL $root 2>/dev/null
exit 0
`;
}
