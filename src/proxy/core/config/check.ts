// What a schema cannot say: names that must exist or be unique, values that must fit together.
import type { Diagnostic, Position } from '../../../lib/diagnostic.ts';
import { parseBind } from './bind.ts';
import { checkBalance } from './check-balance.ts';
import { type Add, checkHandling, checkNetworks, checkRule } from './check-handling.ts';
import { checkLog } from './check-log.ts';
import { checkMode } from './check-mode.ts';
import { checkHealth } from './check-health.ts';
import { checkPeers } from './check-peers.ts';
import { checkDns, checkServerOf, checkServers, checkTracking } from './check-servers.ts';
import { checkSticks } from './check-stick.ts';
import { checkAcme, checkAlerts, checkBackendTls, checkFrontendTls } from './check-tls.ts';
import { nearName } from './explain.ts';
import type { Path } from './places.ts';
import type { ConfigDocument } from './read.ts';
import type { ConditionsDocument, RuleDocument } from './resolve-frontend.ts';
import { showPosition } from './tree.ts';
import type { Environment } from './variables.ts';

/** A rule and the groups in it, with their places. */
function conditionsIn(rule: RuleDocument): (readonly [Path, ConditionsDocument])[] {
  const groups = (['all', 'any', 'not'] as const).flatMap((key) =>
    rule[key].map((each, index) => [[key, index], each] as const),
  );
  return [[[], rule], ...groups];
}

type Where = (path: Path, key?: string) => Position;

/** All problems of a document that the schema accepts. */
export function checkDocument(document: ConfigDocument, where: Where, environment: Environment): Diagnostic[] {
  const problems: Diagnostic[] = [];
  const add: Add = (code, message, path, hint) => {
    problems.push({ severity: 'error', code, message, where: where(path), ...(hint !== undefined && { hint }) });
  };
  const warn: Add = (code, message, path, hint) => {
    problems.push({ severity: 'warning', code, message, where: where(path), ...(hint !== undefined && { hint }) });
  };
  const backends = [...new Set(document.backends.map((backend) => backend.name))];
  const knownBackend = (name: string | undefined, path: Path): void => {
    if (name === undefined || backends.includes(name)) return;
    add('unknown-backend', `there is no backend \`${name}\``, path, nearName(name, backends));
  };
  const bind = (text: string, path: Path): void => {
    if (!parseBind(text)) {
      add(
        'bad-address',
        `\`${text}\` is not an address to listen on`,
        path,
        'Write `*:80`, `127.0.0.1:8080`, `[::1]:80` or `unix:/path`.',
      );
    }
  };
  unique(document.frontends, 'frontends', 'frontend', add, where);
  unique(document.backends, 'backends', 'backend', add, where);
  const bound = uniqueBinds(document, add);
  document.stats.socket.forEach((socket, index) => {
    if (typeof socket === 'string') bind(socket, ['stats', 'socket', index]);
    else bind(socket.bind, ['stats', 'socket', index, 'bind']);
  });
  document.admin?.listen.forEach((text, index) => bind(text, ['admin', 'listen', index]));
  checkDns(document, add);
  checkTracking(document, add);
  checkAcme(document, add);
  checkLog(document, add);
  checkAlerts(document, add);
  if (document.stats.listen !== undefined) bind(document.stats.listen, ['stats', 'listen']);
  document.frontends.forEach((frontend, at) => {
    frontend.bind.forEach((text, index) => bind(text, ['frontends', at, 'bind', index]));
    frontend.tls?.bind.forEach((text, index) => bind(text, ['frontends', at, 'tls', 'bind', index]));
    checkFrontendTls(frontend, ['frontends', at], add);
    knownBackend(frontend.defaultBackend, ['frontends', at, 'defaultBackend']);
    frontend.rules.forEach((rule, index) => {
      const path = ['frontends', at, 'rules', index];
      knownBackend(rule.backend, [...path, 'backend']);
      checkServerOf(rule, document.backends, path, add);
      for (const [place, each] of conditionsIn(rule))
        for (const key of ['usable', 'usableBelow'] as const)
          for (const name of Object.keys(each[key])) knownBackend(name, [...path, ...place, key, name]);
      checkRule(rule, path, add);
    });
    checkNetworks(frontend.trustedProxies, ['frontends', at, 'trustedProxies'], add);
    checkNetworks(frontend.acceptProxy, ['frontends', at, 'acceptProxy'], add);
    checkHandling(frontend, ['frontends', at], add);
    checkMode(frontend, document.backends, ['frontends', at], add);
  });
  checkSticks(document.backends, add);
  unique(document.peers, 'peers', 'peers section', add, where);
  document.peers.forEach(({ members }, at) => unique(members, ['peers', at, 'members'], 'member', add, where));
  checkPeers(document, environment, bound, add, warn);
  document.backends.forEach((backend, at) => {
    checkBackend(backend, ['backends', at], add, where);
    checkBackendTls(backend, ['backends', at], add, warn);
  });
  return problems;
}

function checkBackend(backend: ConfigDocument['backends'][number], path: Path, add: Add, where: Where): void {
  checkServers(backend, path, add);
  checkBalance(backend, path, add);
  unique(backend.servers, [...path, 'servers'], 'server', add, where);
  checkHealth(backend, path, add);
  const cookies = new Map<string, string>();
  backend.servers.forEach((server, index) => {
    const value = server.cookie ?? server.name;
    const other = backend.cookie && cookies.get(value);
    if (other !== undefined) {
      add('duplicate-cookie', `servers \`${other}\` and \`${server.name}\` have the same cookie`, [
        ...path,
        'servers',
        index,
      ]);
    }
    cookies.set(value, server.name);
  });
}

function unique(
  items: readonly { readonly name: string }[],
  at: string | Path,
  noun: string,
  add: Add,
  where: Where,
): void {
  const path = typeof at === 'string' ? [at] : at;
  const seen = new Map<string, number>();
  items.forEach((item, index) => {
    const first = seen.get(item.name);
    if (first === undefined) {
      seen.set(item.name, index);
      return;
    }
    const at = showPosition(where([...path, first, 'name']));
    const message = `there is already a ${noun} \`${item.name}\``;
    add('duplicate-name', message, [...path, index, 'name'], `The other one is at ${at}.`);
  });
}

/** Returns the names of frontends by the ids of their binds. */
function uniqueBinds(document: ConfigDocument, add: Add): ReadonlyMap<string, string> {
  const seen = new Map<string, string>();
  document.frontends.forEach((frontend, at) => {
    const check = (text: string, path: Path): void => {
      const id = parseBind(text)?.id;
      const other = id === undefined ? undefined : seen.get(id);
      if (other !== undefined)
        add(
          'duplicate-bind',
          `\`${text}\` is already bound by frontend \`${other}\``,
          path,
          'One address, one frontend: choose another one, or put the rules of both into one.',
        );
      if (id !== undefined && !/:0$/.test(id)) seen.set(id, frontend.name);
    };
    frontend.bind.forEach((text, index) => check(text, ['frontends', at, 'bind', index]));
    frontend.tls?.bind.forEach((text, index) => check(text, ['frontends', at, 'tls', 'bind', index]));
  });
  return seen;
}
