// What changes when one configuration takes the place of another: in words, from the resolved values, so that only what has
// an effect is told. Also what a reload does: which servers keep their state, which addresses open and close.
import {
  type BackendConfig,
  type FrontendConfig,
  type ProxyConfig,
  type ServerConfig,
  serverKey,
} from '../config/model.ts';
import { isSecretAt, withoutSecrets } from '../config/secrets.ts';
import { routeLines } from './routes.ts';

export interface ConfigDiff {
  /** Sections with their lines; `+` comes, `-` goes, `~` changes. */
  readonly sections: readonly { readonly title: string; readonly lines: readonly string[] }[];
  readonly reload: readonly string[];
}

export function diffConfigs(before: ProxyConfig, after: ProxyConfig): ConfigDiff {
  const { frontends: oldFrontends, backends: oldBackends, ...oldRest } = before;
  const { frontends, backends, ...rest } = after;
  const sections = [
    { title: 'process', lines: changes(oldRest, rest) },
    ...named('frontend', oldFrontends, frontends, frontendLines),
    ...named('backend', oldBackends, backends, backendLines),
  ].filter(({ lines }) => lines.length > 0);
  return { sections, reload: sections.length === 0 ? [] : reloadLines(before, after) };
}

/** As text; undefined when nothing changes. */
export function showDiff({ sections, reload }: ConfigDiff): string | undefined {
  if (sections.length === 0) return undefined;
  const shown = [...sections, { title: 'a reload', lines: reload }];
  return shown.map(({ title, lines }) => [title, ...lines.map((line) => `  ${line}`)].join('\n')).join('\n');
}

function named<T extends { readonly name: string }>(
  noun: string,
  before: readonly T[],
  after: readonly T[],
  compare: (one: T, other: T) => readonly string[],
): { title: string; lines: readonly string[] }[] {
  const gone = before.filter(({ name }) => !after.some((each) => each.name === name));
  return [
    ...gone.map(({ name }) => ({ title: `${noun} ${name}`, lines: ['- is gone'] })),
    ...after.map((each) => {
      const known = before.find(({ name }) => name === each.name);
      return { title: `${noun} ${each.name}`, lines: known ? compare(known, each) : ['+ is new'] };
    }),
  ];
}

function frontendLines(before: FrontendConfig, after: FrontendConfig): readonly string[] {
  const { rules: oldRules, binds: oldBinds, ...oldRest } = before;
  const { rules, binds, ...rest } = after;
  return [
    ...listLines(
      'bind',
      oldBinds.map(({ id }) => id),
      binds.map(({ id }) => id),
    ),
    ...ruleLines(oldRules, rules),
    ...changes(oldRest, rest),
    ...routeLines(before, after),
  ];
}

/** Rules are tried in order, so one that moved is told as well. */
function ruleLines(before: FrontendConfig['rules'], after: FrontendConfig['rules']): readonly string[] {
  const texts = (rules: FrontendConfig['rules']): string[] => rules.map(showRule);
  const [old, now] = [texts(before), texts(after)];
  const lines = listLines('rule', old, now);
  const kept = old.filter((text) => now.includes(text));
  const order = now.filter((text) => old.includes(text));
  if (kept.join('\n') !== order.join('\n')) return [...lines, '~ rules are tried in another order'];
  // What is hidden differs, too.
  const whole = new Set(before.map((rule) => JSON.stringify(rule)));
  const secretly = now.filter((text, at) => old.includes(text) && !whole.has(JSON.stringify(after[at])));
  return [...lines, ...secretly.map((text) => `~ rule ${text}: a secret in it changes`)];
}

function showRule({ reject, forcePersist, priority, ...rule }: FrontendConfig['rules'][number]): string {
  const unusual = {
    ...(reject && { reject }),
    ...(forcePersist && { forcePersist }),
    ...(priority !== 0 && { priority }),
  };
  return show(meaningful({ ...rule, ...unusual }));
}

function listLines(noun: string, before: readonly string[], after: readonly string[]): string[] {
  return [
    ...before.filter((text) => !after.includes(text)).map((text) => `- ${noun} ${text}`),
    ...after.filter((text) => !before.includes(text)).map((text) => `+ ${noun} ${text}`),
  ];
}

function backendLines(before: BackendConfig, after: BackendConfig): readonly string[] {
  const { servers: oldServers, ...oldRest } = before;
  const { servers, ...rest } = after;
  return [
    ...oldServers
      .filter(({ name }) => !servers.some((each) => each.name === name))
      .map(({ name }) => `- server ${name}`),
    ...servers.flatMap((server) => {
      const known = oldServers.find(({ name }) => name === server.name);
      if (!known) return [`+ server ${server.name} at ${server.address}:${server.port}`];
      return changes(known, server).map((line) => line.replace(/^(.) /, `$1 server ${server.name}: `));
    }),
    ...changes(oldRest, rest),
  ];
}

/** Every value that differs, by its path. */
export function changes(before: object, after: object, path = ''): string[] {
  const [old, now] = [before as Record<string, unknown>, after as Record<string, unknown>];
  const keys = new Set([...Object.keys(old), ...Object.keys(now)]);
  return [...keys].flatMap((key) => {
    const [one, other] = [old[key], now[key]];
    if (show(one) === show(other)) return [];
    const at = path === '' ? key : `${path}.${key}`;
    if (isPlain(one) && isPlain(other)) return changes(one, other, at);
    if (isSecretAt(key, path.split('.').at(-1) ?? '', other ?? one)) return [`~ ${at} changes`];
    if (one === undefined) return [`+ ${at}: ${show(meaningful(other, key))}`];
    if (other === undefined) return [`- ${at}: ${show(meaningful(one, key))}`];
    return [`~ ${at}: ${show(withoutSecrets(one, key))} -> ${show(withoutSecrets(other, key))}`];
  });
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without what is not said, nor secrets. `parent`: the key of the value. */
function meaningful(value: unknown, parent = ''): unknown {
  return said(withoutSecrets(value, parent));
}

function said(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(said);
  if (!isPlain(value)) return value;
  const kept = Object.entries(value)
    .map(([key, each]): [string, unknown] => [key, said(each)])
    .filter(([, each]) => each !== undefined && JSON.stringify(each) !== '{}' && JSON.stringify(each) !== '[]');
  return Object.fromEntries(kept);
}

function show(value: unknown): string {
  if (value === undefined) return 'unset';
  return typeof value === 'string' ? value : JSON.stringify(value).replaceAll(/"([A-Za-z_]\w*)":/g, '$1: ');
}

/** What the running process does with its sockets and with what it knows of servers. */
function reloadLines(before: ProxyConfig, after: ProxyConfig): readonly string[] {
  const ids = ({ frontends, stats, peers }: ProxyConfig): string[] => {
    const control = [...stats.sockets, ...(stats.listen ? [stats.listen] : [])];
    return [...frontends.flatMap(({ binds }) => binds), ...control, ...peers.map(({ bind }) => bind)].map(
      ({ id }) => id,
    );
  };
  const servers = (config: ProxyConfig): Map<string, ServerConfig> =>
    new Map(
      config.backends.flatMap(({ name, servers: all }) => all.map((server) => [serverKey(name, server.name), server])),
    );
  const [old, now] = [servers(before), servers(after)];
  const lines = listLines('listens on', ids(before), ids(after)).map((line) =>
    line.startsWith('-') ? line.replace('- listens on', '- closes') : line.replace('+ listens on', '+ opens'),
  );
  let kept = 0;
  for (const [key, server] of now) {
    const known = old.get(key);
    const isSame = known?.address === server.address && known.port === server.port;
    if (!known)
      lines.push(`+ ${key} begins ${server.check ? `as \`${server.check.init}\`, and is checked` : 'without checks'}`);
    else if (!isSame)
      lines.push(`~ ${key} moves to ${server.address}:${server.port}: its health and counters begin anew`);
    else kept += 1;
  }
  for (const key of old.keys()) if (!now.has(key)) lines.push(`- ${key} finishes what it has, and gets nothing new`);
  lines.push(`= ${kept} of ${now.size} servers keep health, connections and counters`);
  return lines;
}
