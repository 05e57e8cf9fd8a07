// Writes what was changed at run time into the text of a configuration file: servers that came, went or changed, and limits of
// frontends. Pure; what a file cannot say is told.
import { isMap, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import type { BackendConfig, ProxyConfig, ServerConfig } from './model.ts';
import { addItem, type Edit, itemNamed, NotPlain, removeItem, setKey, splice, type Value } from './splice.ts';

export type WrittenBack = { readonly text: string } | { readonly problem: string };

/** `from`: what the text says now. `to`: what it shall say. */
export function writeBack(text: string, from: ProxyConfig, to: ProxyConfig): WrittenBack {
  try {
    const document = parseDocument(text);
    const pairs = to.backends.flatMap((after) => {
      const before = from.backends.find(({ name }) => name === after.name);
      return before ? [{ before, after }] : [];
    });
    let now = splice(text, [
      ...pairs.flatMap(({ before, after }) => serverEdits(text, document.get('backends'), before, after)),
      ...to.frontends.flatMap(({ name, maxconn }) => {
        const before = from.frontends.find((frontend) => frontend.name === name);
        if (!before || before.maxconn === maxconn) return [];
        return [setKey(text, mapNamed(document.get('frontends'), name), 'maxconn', maxconn)];
      }),
    ]);
    // Those that go go last, one by one: what came may stand beside them.
    for (const { before, after } of pairs) {
      const gone = before.servers.filter(({ name }) => !after.servers.some((each) => each.name === name));
      for (const { name } of gone) now = withoutServer(now, before.name, name);
    }
    return { text: now };
  } catch (error) {
    if (!(error instanceof NotPlain)) throw error;
    return { problem: `the file writes ${error.message} in a way that cannot be changed in its place` };
  }
}

function withoutServer(text: string, backend: string, server: string): string {
  const servers = serversOf(parseDocument(text).get('backends'), backend);
  return splice(text, [removeItem(text, servers, itemNamed(servers, server)?.index ?? -1)]);
}

function serversOf(backends: unknown, backend: string): YAMLSeq {
  const servers = mapNamed(backends, backend).get('servers');
  if (!isSeq(servers)) throw new NotPlain(`the servers of \`${backend}\``);
  return servers;
}

/** What a file can say of a server, and what the balancer may change. */
export function saidOf(server: ServerConfig): Readonly<Record<string, Value>> {
  const { address, port, weight, maxconn, cookie, backup, disabled } = server;
  return { address, port, weight, maxconn, cookie, backup, disabled };
}

const usual: Readonly<Record<string, Value>> = { weight: 1, maxconn: 0, backup: false, disabled: false };

function serverEdits(text: string, backends: unknown, before: BackendConfig, after: BackendConfig): readonly Edit[] {
  return after.servers.flatMap((server) => {
    const known = before.servers.find(({ name }) => name === server.name);
    if (!known) return [addItem(text, serversOf(backends, before.name), freshEntries(server))];
    const was = saidOf(known);
    const different = Object.entries(saidOf(server)).filter(([key, value]) => was[key] !== value);
    if (different.length === 0) return [];
    const map = mapNamed(serversOf(backends, before.name), server.name);
    return different.map(([key, value]) => setKey(text, map, key, value));
  });
}

function freshEntries(server: ServerConfig): Readonly<Record<string, Value>> {
  const said = Object.entries(saidOf(server)).filter(
    ([key, value]) => usual[key] !== value && !(key === 'cookie' && value === server.name),
  );
  return { name: server.name, ...Object.fromEntries(said) };
}

function mapNamed(seq: unknown, name: string): YAMLMap {
  const found = itemNamed(seq, name);
  if (!found || !isMap(found.map)) throw new NotPlain(`\`${name}\``);
  return found.map;
}
