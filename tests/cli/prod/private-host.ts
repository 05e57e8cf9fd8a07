// A host of its own for what changes /etc: an sshd in a private mount namespace, where /etc, /run and /usr/local/lib are copies.
// systemctl, journalctl and docker there are stand-ins that keep a state and write down how they were called: neither a systemd
// nor a docker daemon can run in such a place. Needs root.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { sshdPath, startSshd } from '../../adapters/support/sshd.ts';

export const privateHostMissing = ((): string | null => {
  if (!sshdPath) return 'sshd is missing';
  if (userInfo().uid !== 0) return 'it needs root';
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'mount namespaces are missing';
  }
})();

export interface PrivateHost extends AsyncDisposable {
  /** A host of infra.yaml. */
  readonly line: string;
  /** Text of a file of the host; null where there is none. */
  read(path: string): string | null;
  /** Octal permissions. */
  mode(path: string): string;
  /** How systemctl and docker were called to change something. */
  calls(): readonly string[];
  /** Everything that was an argument of a stand-in. */
  everyCall(): string;
  forgetCalls(): void;
  withoutDocker(): void;
}

const stateAndLog = (root: string) => `state=${root}/state; echo "$(basename "$0") $*" >> ${root}/calls\n`;

const systemctl = (root: string) => `#!/bin/sh
${stateAndLog(root)}
skip=; verb=; names=
for word; do
  if [ -n "$skip" ]; then skip=; continue; fi
  case $word in -p) skip=1 ;; -*) ;; *) if [ -z "$verb" ]; then verb=$word; else names="$names $word"; fi ;; esac
done
execute() { sed -n "s/^$2=-\\{0,1\\}//p" "/etc/systemd/system/$1" | sed 's/\\$\\$/$/g; s/%%/%/g' | while read -r line; do sh -c "$line" </dev/null || exit 1; done; }
for name in $names; do
  file=/etc/systemd/system/$name
  case $verb in
    show)
      loaded=not-found; [ -e "$file" ] && loaded=loaded
      active=inactive; [ -e "$state/active-$name" ] && active=active
      enabled=; [ -e "$file" ] && enabled=disabled; [ -e "$state/enabled-$name" ] && enabled=enabled
      printf 'Names=%s\\nLoadState=%s\\nActiveState=%s\\nSubState=running\\nUnitFileState=%s\\nNeedDaemonReload=no\\nMainPID=0\\nType=simple\\nRemainAfterExit=no\\n\\n' "$name" "$loaded" "$active" "$enabled" ;;
    is-active) if [ -e "$state/active-$name" ]; then echo active; else echo inactive; exit 3; fi ;;
    enable) touch "$state/enabled-$name" ;;
    disable) rm -f "$state/enabled-$name" ;;
    start|restart)
      [ -e "$file" ] || exit 5
      if [ $verb = restart ]; then execute "$name" ExecStop; fi
      case $name in *.service) execute "$name" ExecStartPre; execute "$name" ExecStart || exit 1 ;; esac
      touch "$state/active-$name" ;;
    stop) execute "$name" ExecStop; rm -f "$state/active-$name" ;;
  esac
done
exit 0
`;

const docker = (root: string) => `#!/bin/sh
${stateAndLog(root)}
case $1 in
  run)
    name=; previous=
    for word; do
      case $previous in
        --name) name=$word ;;
        --env-file) [ -r "$word" ] || exit 125; cat "$word" >> "$state/environment-$$" ;;
      esac
      previous=$word
    done
    mv "$state/environment-$$" "$state/environment-$name"
    touch "$state/container-$name" ;;
  rm|stop) for word; do :; done; rm -f "$state/container-$word" ;;
  ps) for file in "$state"/container-*; do [ -e "$file" ] && echo "Up 1 second"; done ;;
esac
exit 0
`;

const journalctl = (root: string) => `#!/bin/sh
${stateAndLog(root)}
echo "ready to accept connections"
`;

export async function startPrivateHost(): Promise<PrivateHost> {
  const root = mkdtempSync(join(tmpdir(), 'veza-host-'));
  const tools = join(root, 'tools');
  for (const folder of ['tools', 'state', 'lib', 'run/sshd', 'run/systemd/system'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const [name, text] of Object.entries({ systemctl, docker, journalctl })) {
    writeFileSync(join(tools, name), text(root));
    chmodSync(join(tools, name), 0o755);
  }
  execFileSync('cp', ['-a', '/etc', join(root, 'etc')]);
  const script = `mount --make-rprivate / && mount --bind ${root}/etc /etc && mount --bind ${root}/lib /usr/local/lib && mount --bind ${root}/run /run && exec "$@"`;
  // The machine may have a docker of its own below /usr/local: it is not looked for there.
  const sshd = await startSshd(
    [`SetEnv PATH=${tools}:/usr/bin:/bin:/usr/sbin:/sbin`],
    ['unshare', '--mount', 'sh', '-c', script, 'private'],
  );
  const { user, privateKeyFile = '', port } = sshd.host;
  const calls = () =>
    existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8').trim().split('\n') : [];
  const inside = (path: string) => join(root, path.replace(/^\/usr\/local\/lib\//, '/lib/'));
  return {
    line: `  solo: { ip: 127.0.0.1, type: hrobot, ssh: { user: ${user}, key: ${privateKeyFile}, port: ${port} } }\n`,
    read: (path) => (existsSync(inside(path)) ? readFileSync(inside(path), 'utf8') : null),
    mode: (path) => execFileSync('stat', ['-c', '%a', inside(path)], { encoding: 'utf8' }).trim(),
    calls: () => calls().filter((call) => !/^systemctl (?:show|is-active)|^docker ps/.test(call)),
    everyCall: () => calls().join('\n'),
    forgetCalls: () => rmSync(join(root, 'calls'), { force: true }),
    withoutDocker: () => rmSync(join(tools, 'docker')),
    [Symbol.asyncDispose]: async () => {
      await sshd[Symbol.asyncDispose]();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
