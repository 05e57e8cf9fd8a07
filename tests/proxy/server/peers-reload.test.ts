// Machines that share stick tables, and reloads: a section that comes tells what there is already, connections stay where
// nothing about them changed, a section that goes ends them and leaves the entries.
import { describe, expect, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { type RunningProxy, startProxy, until } from '../support/proxy.ts';

const ports: number[] = [];

function config(port: number, control: number, local: string, isSharing: boolean, retries = 3): object {
  const members = ['left', 'right'].map((name, at) => ({ name, address: '127.0.0.1', port: ports[at] }));
  return {
    workers: 1,
    stats: { socket: [`127.0.0.1:${control}`] },
    // One of them calls, so that none that is there gives way to another.
    ...(isSharing && {
      peers: [{ name: 'pair', local, members, timeouts: local === 'right' ? { reconnect: '1h' } : {} }],
    }),
    frontends: [{ name: 'http', bind: [`127.0.0.1:${port}`], defaultBackend: 'api' }],
    backends: [
      {
        name: 'api',
        retries,
        stick: { on: [{ key: 'header', name: 'x-user' }], ...(isSharing && { peers: 'pair' }), store: ['gpc0'] },
        servers: [{ name: 'one', address: '127.0.0.1', port: 9 }],
      },
    ],
  };
}

async function has(proxy: RunningProxy, key: string): Promise<boolean> {
  return (await proxy.command('show table api')).includes(`key=${key} `);
}

describe('a reload', () => {
  it('begins, keeps and ends sharing, and no entry is lost', async () => {
    ports.push(await freePort(), await freePort());
    await using left = await startProxy((port, control) => config(port, control, 'left', false));
    await left.command('set table api key early data.gpc0 1');
    await using right = await startProxy((port, control) => config(port, control, 'right', true));
    const reload = async (isSharing: boolean, retries?: number): Promise<void> => {
      left.write(config(left.port, left.controlPort, 'left', isSharing, retries));
      expect(await left.command('reload')).toContain('Success=1');
    };
    await reload(true);
    await until(() => has(right, 'early'));
    await reload(true, 2);
    await left.command('set table api key late data.gpc0 1');
    await until(() => has(right, 'late'));
    expect(left.log()).not.toContain('peer pair/right is gone');
    await reload(false);
    await until(() => right.log().includes('peer pair/left is gone'));
    expect([await has(left, 'early'), await has(left, 'late'), await has(right, 'late')]).toEqual([true, true, true]);
    expect(await left.command('show peers')).toBe('\n');
  });
});
