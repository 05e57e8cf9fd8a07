// What was changed at run time, for the file: shown as a diff, and written when somebody says so, or at once where the
// configuration wants that.
import { readFileSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { messageOf } from '../../lib/errors.ts';
import { unifiedDiff } from '../../lib/text-diff.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import { saidOf, writeBack } from '../core/config/write-back.ts';
import { maskedText } from '../core/logging/entry.ts';
import type { ServerRegistry } from '../core/server-registry.ts';
import { type ApplyResult, hashOf, soundConfig } from './config-source.ts';
import type { ControlledProxy } from './controlled-proxy.ts';
import { replaceFile } from './replace-file.ts';

export interface PendingChanges {
  readonly text: string;
  /** Unified; '' where the file says all of it. */
  readonly diff: string;
  /** What runs and no file can say. */
  readonly left: readonly string[];
}

export type SaveResult =
  { readonly saved: PendingChanges; readonly applied?: ApplyResult } | { readonly problem: string };

/** Actions that change nothing which a file could hold. */
const unsaved: ReadonlySet<string> = new Set(['put-config', 'save-config', 'reload', 'upgrade']);
/** Several changes in a row are one. */
const settleMs = 300;

/** What the file does not say yet, or why it cannot be changed. */
export function pendingChanges(proxy: ControlledProxy): PendingChanges | { readonly problem: string } {
  const { file } = proxy;
  try {
    if (statSync(file).isDirectory()) return { problem: `${file} is a folder of files: change these` };
    if (!['.yml', '.yaml', '.json'].includes(extname(file))) return { problem: `${file} is not in our own format` };
    const text = readFileSync(file, 'utf8');
    const said = soundConfig(file);
    if (hashOf(said.document) !== hashOf(proxy.loaded().document)) {
      return { problem: `${file} has changed since it was read: reload first` };
    }
    const running = withRuntime(proxy.config(), proxy.registry);
    const backends = running.backends.filter(({ name }) => said.config.backends.some((each) => each.name === name));
    const wanted = { ...running, backends };
    const written = writeBack(text, said.config, wanted);
    if ('problem' in written) return written;
    const result = soundConfig({ text: written.text, name: file });
    const missing = differing(result.config, wanted);
    if (missing.length > 0) return { problem: `${file} cannot say this of ${missing.join(', ')}` };
    return {
      text: written.text,
      diff: diffOf(file, text, written.text),
      left: leftOut(proxy.config(), proxy.registry, said.config),
    };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

/** Writes them into the file. The text runs first: what the balancer refuses is never written. */
export async function saveChanges(proxy: ControlledProxy, actor: string): Promise<SaveResult> {
  const pending = pendingChanges(proxy);
  if ('problem' in pending) return pending;
  if (pending.diff === '') return { saved: pending };
  const applied = await proxy.apply({ text: pending.text, name: proxy.file });
  if (!applied.ok) return { problem: applied.message ?? 'refused' };
  try {
    replaceFile(proxy.file, pending.text);
  } catch (error) {
    return { problem: `the file cannot be written: ${messageOf(error)}` };
  }
  proxy.events.emit('admin_action', {
    actor,
    action: 'save-config',
    detail: { file: proxy.file, diff: changedLines(pending.diff) },
  });
  return { saved: pending, applied };
}

/** Saves after each change that somebody makes, where `admin.writeBack` says so. */
export function saveAlways(proxy: ControlledProxy): void {
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();
  const save = async (): Promise<void> => {
    const result = await saveChanges(proxy, 'admin.writeBack');
    if ('problem' in result) proxy.log.warn(`what was changed at run time is not in the file: ${result.problem}`);
  };
  proxy.events.subscribe(({ type, data }) => {
    if (type !== 'admin_action' || unsaved.has(data.action) || proxy.config().admin?.writeBack !== true) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      working = working.then(save);
    }, settleMs).unref();
  });
}

/** The configuration that runs, with what operators said of its servers. */
function withRuntime(config: ProxyConfig, registry: ServerRegistry): ProxyConfig {
  const backends = config.backends.map((backend) => ({
    ...backend,
    servers: backend.servers.map((server) => {
      const record = registry.find(`${backend.name}/${server.name}`);
      return record ? { ...server, weight: record.weight, disabled: record.admin === 'maint' } : server;
    }),
  }));
  return { ...config, backends };
}

/** Servers of which a text does not say what it should. */
function differing(text: ProxyConfig, wanted: ProxyConfig): readonly string[] {
  return wanted.backends.flatMap(({ name, servers }) => {
    const found = text.backends.find((backend) => backend.name === name)?.servers ?? [];
    const wrong = servers.filter((server) => {
      const said = found.find((each) => each.name === server.name);
      return !said || JSON.stringify(saidOf(said)) !== JSON.stringify(saidOf(server));
    });
    return [...wrong, ...found.filter(({ name }) => !servers.some((each) => each.name === name))].map(
      (server) => `${name}/${server.name}`,
    );
  });
}

function leftOut(config: ProxyConfig, registry: ServerRegistry, said: ProxyConfig): readonly string[] {
  const drained = registry.records.filter(({ admin }) => admin === 'drain').map(({ key }) => `${key} is drained`);
  const paused = config.frontends.filter(
    ({ name, binds }) => binds.length === 0 && said.frontends.find((each) => each.name === name)?.binds.length !== 0,
  );
  const names = (from: ProxyConfig): readonly string[] => from.backends.map(({ name }) => name);
  const [old, now] = [names(said), names(config)];
  return [
    ...drained,
    ...paused.map(({ name }) => `frontend ${name} is disabled`),
    ...now.filter((name) => !old.includes(name)).map((name) => `backend ${name} was added`),
    ...old.filter((name) => !now.includes(name)).map((name) => `backend ${name} was removed`),
  ];
}

/** For the log: what stands around them may be secret. */
function changedLines(diff: string): string {
  const lines = diff.split('\n').filter((line) => /^[+-](?![+-]{2} )/.test(line));
  return maskedText(lines.join('\n'));
}

function diffOf(file: string, before: string, after: string): string {
  return before === after ? '' : unifiedDiff(file, before, after);
}
