// The plugins of a worker over its configurations: those that say the same and whose module is the same go on, new ones are
// made before anything changes, old ones clean up when their last request is over.
import type { ProxyConfig } from '../../core/config/model.ts';
import type { FindPlugins, PluginConfig } from '../../core/handling/plugins.ts';
import { PluginChain } from './plugin-chain.ts';
import { PluginInstance, running, type TellOfPlugin, told } from './plugin-instance.ts';

export class PluginRegistry {
  readonly #tell: TellOfPlugin;
  #instances = new Map<string, PluginInstance>();
  #prepared: Map<string, PluginInstance> | undefined;
  #guarded = false;

  constructor(tell: TellOfPlugin) {
    this.#tell = tell;
  }

  /** The plugins of what was prepared last, or of what runs. */
  readonly find: FindPlugins = (configs) => {
    if (!configs || configs.length === 0) return undefined;
    const known = this.#prepared ?? this.#instances;
    const found = configs.flatMap((config) => known.get(keyOf(config)) ?? []);
    return new PluginChain(found);
  };

  /** There is something to wait for before this configuration can hold. */
  needs(config: ProxyConfig): boolean {
    return configsOf(config).size > 0;
  }

  /** Loads what is new. Rejects, and leaves all as it was, if one of them cannot be used. */
  async prepare(config: ProxyConfig): Promise<void> {
    const wanted = configsOf(config);
    const prepared = new Map<string, PluginInstance>();
    if (wanted.size > 0) this.#guard();
    try {
      for (const [key, each] of wanted) {
        prepared.set(key, this.#instances.get(key) ?? (await PluginInstance.load(each, this.#tell)));
      }
    } catch (error) {
      this.#drop(prepared, this.#instances);
      throw error;
    }
    this.#prepared = prepared;
  }

  /** What was prepared holds. */
  commit(): void {
    const before = this.#instances;
    this.#instances = this.#prepared ?? new Map<string, PluginInstance>();
    this.#prepared = undefined;
    this.#drop(before, this.#instances);
  }

  /** What was prepared does not hold. */
  rollback(): void {
    if (this.#prepared) this.#drop(this.#prepared, this.#instances);
    this.#prepared = undefined;
  }

  /** The worker ends: no request is left. */
  async close(): Promise<void> {
    await Promise.all([...this.#instances.values()].map((instance) => instance.cleanup()));
    this.#instances.clear();
  }

  #drop(from: ReadonlyMap<string, PluginInstance>, but: ReadonlyMap<string, PluginInstance>): void {
    for (const [key, instance] of from) if (but.get(key) !== instance) void instance.retire();
  }

  /** Errors in code of plugins that nobody waits for (timers, promises) end no worker. All others do, as ever. */
  #guard(): void {
    if (this.#guarded) return;
    this.#guarded = true;
    process.on('uncaughtException', (error: unknown) => {
      const name = running.getStore() ?? this.#ownerOf(error);
      // Thrown here it ends the process with its stack.
      if (name === undefined) throw error;
      this.#tell(name, `an error that nobody caught: ${told(error)}`, true);
    });
  }

  #ownerOf(error: unknown): string | undefined {
    const stack = error instanceof Error ? (error.stack ?? '') : '';
    const all = [...this.#instances.values(), ...(this.#prepared?.values() ?? [])];
    return all.find(({ config }) => stack.includes(encodeURI(config.module)))?.config.name;
  }
}

function configsOf(config: ProxyConfig): Map<string, PluginConfig> {
  const handlings = config.frontends.flatMap(({ handling, rules }) => [
    handling,
    ...rules.map((rule) => rule.handling),
  ]);
  return new Map(handlings.flatMap(({ plugins = [] }) => plugins.map((plugin) => [keyOf(plugin), plugin] as const)));
}

function keyOf(config: PluginConfig): string {
  return JSON.stringify(config);
}
