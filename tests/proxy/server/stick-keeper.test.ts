// What workers count of one client comes together in the master, and other machines hear of all of it.
import { expect, it } from 'vitest';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { EventBus } from '../../../src/proxy/server/event-bus.ts';
import { OperationalLog } from '../../../src/proxy/server/operational-log.ts';
import { StickKeeper } from '../../../src/proxy/server/stick-keeper.ts';
import { freePort } from '../../support/ports.ts';
import { Neighbour } from '../support/neighbour.ts';
import { until } from '../support/proxy.ts';

const requests = { name: 'http_req_cnt', periodMs: 0 } as const;

it('tells other machines of requests that a worker counted for an entry which another one wrote later', async () => {
  const members = [
    { name: 'left', address: '127.0.0.1', port: await freePort() },
    { name: 'right', address: '127.0.0.1', port: await freePort() },
  ];
  const document = (local: string): object => ({
    log: { level: 'error' },
    peers: [{ name: 'pair', local, members }],
    frontends: [{ name: 'http', bind: ['127.0.0.1:8080'], defaultBackend: 'api' }],
    backends: [
      {
        name: 'api',
        stick: { on: [{ key: 'header', name: 'x-user' }], peers: 'pair', store: [requests.name] },
        servers: ['s1', 's2'].map((name) => ({ name, address: '127.0.0.1', port: 9 })),
      },
    ],
  });
  const read = readConfig(JSON.stringify(document('left')), 'test.json');
  if (!read.ok) throw new Error('not valid');
  const log = new OperationalLog();
  log.configure(read.config.log);
  const nobody = (): void => undefined;
  const events = new EventBus();
  const keeper = new StickKeeper({ broadcast: nobody, send: nobody, sendBoth: nobody }, events, log);
  await keeper.peers.open(read.config);
  keeper.configure(read.config, { frontends: {}, backends: {}, peers: {}, acmeTrust: '' });
  using right = await Neighbour.start(document('right'));
  const counted = (): number | undefined => {
    const nowMs = performance.now();
    return right.table('api').find('client', nowMs)?.data?.value(requests, nowMs);
  };
  try {
    keeper.take({ api: [['client', 's1', 0, 0, [1, 0, 0, 0]]] }, 1);
    await until(() => counted() === 1);
    // Who was told all that there is hears only of what changes.
    await until(() => events.since(0).some(({ type }) => type === 'peer_taught'));
    // Chosen a minute ago, told now: the server does not hold, the request came all the same.
    keeper.take({ api: [['client', 's2', 60_000, 0, [1, 0, 0, 0]]] }, 2);
    await until(() => counted() === 2);
    expect(right.serverOf('api', 'client')).toBe('s1');
  } finally {
    keeper.peers.stop();
  }
});
