// What a worker tells the master.
import { describe, expect, it } from 'vitest';
import type { FromWorker } from '../../../src/proxy/server/ipc.ts';
import { PluginRegistry } from '../../../src/proxy/server/plugins/plugin-registry.ts';
import { Serving } from '../../../src/proxy/server/serving.ts';
import { Sharing } from '../../../src/proxy/server/sharing.ts';
import { peersConfig, sticks } from '../support/peers.ts';

describe('a worker that ends', () => {
  it('tells all that it did not tell yet of clients, however many there are', () => {
    const count = 5000;
    const told: FromWorker[] = [];
    const plugins = new PluginRegistry(() => undefined);
    const serve = (ports: ConstructorParameters<typeof Serving>[1]): Serving => new Serving(plugins, ports);
    const sharing = new Sharing(
      serve,
      (message) => told.push(message),
      () => 0,
    );
    const tables = sharing.serving.sticks;
    tables.configure(peersConfig('a', ['a'], sticks).backends, 0);
    for (let at = 0; at < count; at += 1) {
      tables.find('api')?.store(`k${at}`, 's1', 0);
      tables.find('api')?.addCounts(`k${at}`, [1, 0, 0, 0], 0);
    }
    sharing.tellLast();
    const keys = told.flatMap((message) => (message.type === 'stuck' ? (message.changes['api'] ?? []) : []));
    expect(new Set(keys.map(([key]) => key)).size).toBe(count);
  });
});
