// What is asked of a host by `prod status`: one script that only reads, one record a line.
import { joinScripts, rawShell, sh, type Script } from '../../lib/shell.ts';

/** Services with a question of their own; any other name is a systemd unit or a container. */
const known = ['coolify', 'traefik', 'galera', 'redis', 'forgejo-runner'] as const;

/** Fields of a record are divided by a tab; the first says what it is about. */
export function statusScript(services: readonly string[]): Script {
  const asked = services.map((name) => {
    const kind = known.find((one) => one === name) ?? 'other';
    return sh`${rawShell(`service_${kind.replace('-', '_')}`)} ${name}`;
  });
  return joinScripts(rawShell(preamble), ...asked, rawShell(':'));
}

const preamble = `
say() { printf '%s\\t%s\\t%s\\n' "$1" "$2" "$3"; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
name=unknown
containers=
docker_refused=
[ -r /etc/os-release ] && name=$(. /etc/os-release && printf '%s' "$PRETTY_NAME")
say os - "$name"
docker=
if command -v docker >/dev/null 2>&1; then
  docker=$(docker --version 2>/dev/null)
  say docker - "$docker"
  if ! containers=$(as_root docker ps --format '{{.Names}}\t{{.Status}}' 2>/dev/null); then
    docker_refused=$(as_root docker ps 2>&1 | head -n1 | tr '\\t' ' ')
  fi
fi
[ -r /proc/loadavg ] && say load "$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)" "$(cut -d' ' -f1-3 /proc/loadavg)"
df -P / /var /home 2>/dev/null | awk 'NR > 1 && !seen[$6]++ { printf "disk\\t%s\\t%s\\n", $6, $5 }'
for cert in /etc/letsencrypt/live/*/cert.pem /etc/veza-proxy/tls/*.pem; do
  [ -r "$cert" ] && command -v openssl >/dev/null 2>&1 &&
    say certificate "$cert" "$(openssl x509 -noout -enddate -in "$cert" 2>/dev/null | cut -d= -f2)"
done
first() { printf '%s\\n' "$containers" | cut -f1 | grep -F -m1 -- "$1"; }
unit() { command -v systemctl >/dev/null 2>&1 && systemctl is-active "$1" 2>/dev/null; }
containers_of() {
  if [ -n "$docker_refused" ]; then say service "$1" "not running: $docker_refused"; return; fi
  say service "$1" "$(printf '%s\\n' "$containers" | service=$1 awk -F '\\t' '
    index($1, ENVIRON["service"]) { n++; if ($2 ~ /unhealthy|Restarting|Paused/) bad++ }
    END { if (!n) print "not running"; else if (bad) print "not running: " bad " of " n " unwell"; else print "running " n }')"
}
service_coolify() { containers_of "$1"; }
service_traefik() { containers_of "$1"; }
service_other() {
  state=$(unit "$1")
  case $state in
    active) say service "$1" 'running unit' ;;
    failed|activating|deactivating) say service "$1" "not running: unit is $state" ;;
    *) containers_of "$1" ;;
  esac
}
service_forgejo_runner() {
  if [ "$(unit forgejo-runner)" = active ]; then say service "$1" 'running unit'; else containers_of "$1"; fi
}
service_galera() {
  query="SHOW STATUS LIKE 'wsrep_cluster_size'"
  box=$(first galera); [ -n "$box" ] || box=$(first mariadb)
  size=
  if [ -n "$box" ]; then
    size=$(as_root docker exec -e QUERY="$query" "$box" sh -c 'MYSQL_PWD="\${MARIADB_ROOT_PASSWORD:-$MYSQL_ROOT_PASSWORD}" exec mariadb -uroot -N -B -e "$QUERY"' 2>/dev/null | cut -f2)
  fi
  client=mariadb
  command -v mariadb >/dev/null 2>&1 || client=mysql
  [ -n "$size" ] || size=$(as_root "$client" -N -B -e "$query" 2>/dev/null | cut -f2)
  if [ -n "$size" ]; then say service "$1" "cluster_size=$size"; else say service "$1" 'not running'; fi
}
service_redis() {
  box=$(first redis)
  pong=; quorum=
  if [ -n "$box" ]; then
    pong=$(as_root docker exec "$box" sh -c 'REDISCLI_AUTH="$REDIS_PASSWORD" exec redis-cli ping' 2>/dev/null)
  fi
  [ "$pong" = PONG ] || pong=$(redis-cli ping 2>/dev/null)
  sentinel=$(first sentinel)
  if [ -n "$sentinel" ]; then
    quorum=$(as_root docker exec "$sentinel" redis-cli -p 26379 info sentinel 2>/dev/null | tr -d '\\r' | sed -n 's/.*sentinels=\\([0-9]*\\).*/\\1/p' | head -n1)
  else
    quorum=$(redis-cli -p 26379 info sentinel 2>/dev/null | tr -d '\\r' | sed -n 's/.*sentinels=\\([0-9]*\\).*/\\1/p' | head -n1)
  fi
  if [ "$pong" = PONG ]; then say service "$1" "PONG\${quorum:+ sentinels=$quorum}"; else say service "$1" 'not running'; fi
}
`;
