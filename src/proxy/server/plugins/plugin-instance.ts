// One plugin of a worker: loads its module, gives each call its time, and turns whatever goes wrong into an answer and a
// line in the log. Deliberately not here: in which order plugins are asked (plugin-chain.ts).
import { AsyncLocalStorage } from 'node:async_hooks';
import { pathToFileURL } from 'node:url';
import { messageOf, VezaError } from '../../../lib/errors.ts';
import { answer } from '../../core/handling/incoming.ts';
import type { PluginConfig } from '../../core/handling/plugins.ts';
import type { Plugin, PluginCall, PluginFactory } from '../../core/plugins/api.ts';
import type { Verdict } from '../../core/plugins/apply.ts';

/** Tells what a plugin says or does wrong. */
export type TellOfPlugin = (plugin: string, text: string, isError: boolean) => void;

/** Whose code runs: errors that nobody waits for are told with this name. */
export const running = new AsyncLocalStorage<string>();

/** How long a plugin that is replaced may be waited for, and how long its cleanup may take. */
const retireMs = 30_000;
const cleanupMs = 5000;
const lookMs = 50;

class TimeOver extends Error {}

export class PluginInstance {
  readonly config: PluginConfig;
  readonly #plugin: Plugin;
  readonly #tell: TellOfPlugin;
  /** Requests that it saw and that are not over. */
  uses = 0;

  private constructor(config: PluginConfig, plugin: Plugin, tell: TellOfPlugin) {
    this.config = config;
    this.#plugin = plugin;
    this.#tell = tell;
  }

  /** Imports and makes it. Throws VezaError if it is none, or takes too long. */
  static async load(config: PluginConfig, tell: TellOfPlugin): Promise<PluginInstance> {
    const { name, module, options, timeoutMs } = config;
    const fail = (problem: string, cause?: unknown): VezaError =>
      new VezaError('bad-plugin', `plugin \`${name}\` (${fileOf(module)}): ${problem}`, { cause });
    const tools = { name, log: (text: string) => tell(name, text, false) };
    const make = async (): Promise<unknown> => {
      const { default: made } = (await import(urlOf(module))) as { readonly default?: unknown };
      return typeof made === 'function' ? (made as PluginFactory)(structuredClone(options), tools) : made;
    };
    let plugin: unknown;
    try {
      plugin = await within(timeoutMs, running.run(name, make));
    } catch (error) {
      throw fail(error instanceof TimeOver ? `not ready after ${timeoutMs} ms` : messageOf(error), error);
    }
    if (!isPlugin(plugin)) throw fail('its default export must have `onRequest` or `onResponse`, or make what has');
    return new PluginInstance(config, plugin, tell);
  }

  get plugin(): Plugin {
    return this.#plugin;
  }

  has(hook: 'onRequest' | 'onResponse'): boolean {
    return typeof (this.#plugin as Readonly<Record<string, unknown>>)[hook] === 'function';
  }

  /** Calls a hook and takes its result. Never rejects. */
  async ask(
    hook: 'onRequest' | 'onResponse',
    call: (how: PluginCall) => unknown,
    take: (result: unknown) => Verdict,
  ): Promise<Verdict> {
    const { name, timeoutMs } = this.config;
    const abort = new AbortController();
    try {
      const result = running.run(name, () => call({ signal: abort.signal }));
      return take(result instanceof Promise ? await within(timeoutMs, result) : result);
    } catch (error) {
      abort.abort();
      if (error instanceof TimeOver) {
        this.#tell(name, `${hook} took more than ${timeoutMs} ms: 504`, true);
        return answer(504);
      }
      this.#tell(name, `${hook} failed: ${told(error)}`, true);
      return answer(500);
    }
  }

  /** Lets it clean up when no request uses it any more. Never rejects. */
  async retire(): Promise<void> {
    const until = performance.now() + retireMs;
    while (this.uses > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, lookMs));
    await this.cleanup();
  }

  async cleanup(): Promise<void> {
    const { name } = this.config;
    try {
      await within(
        cleanupMs,
        running.run(name, async () => this.#plugin.cleanup?.()),
      );
    } catch (error) {
      const problem = error instanceof TimeOver ? `took more than ${cleanupMs} ms` : `failed: ${told(error)}`;
      this.#tell(name, `cleanup ${problem}`, true);
    }
  }
}

/** Rejects with TimeOver when the time is over. */
async function within<Result>(timeoutMs: number, promise: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TimeOver()), timeoutMs);
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
    // What it comes to later is of no interest.
    promise.catch(() => undefined);
  }
}

/** An error with the line of the plugin that threw it. */
export function told(error: unknown): string {
  const line = error instanceof Error ? error.stack?.split('\n').find((each) => each.includes('file://')) : undefined;
  return line === undefined ? messageOf(error) : `${messageOf(error)} (${line.trim()})`;
}

function fileOf(module: string): string {
  return module.replace(/\?v=[0-9a-f]*$/, '');
}

function urlOf(module: string): string {
  const file = fileOf(module);
  return pathToFileURL(file).href + module.slice(file.length);
}

function isPlugin(value: unknown): value is Plugin {
  if (typeof value !== 'object' || value === null) return false;
  const hooks = value as Readonly<Record<string, unknown>>;
  return typeof hooks['onRequest'] === 'function' || typeof hooks['onResponse'] === 'function';
}
