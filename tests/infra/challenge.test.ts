// dns-01 through ClouDNS: one value beside those of others, whatever becomes of the answers.
import { describe, expect, it } from 'vitest';
import { clouDnsChallenge } from '../../src/infra/cloudns/challenge.ts';
import { startLocalDns } from '../../src/infra/local-dns/server.ts';
import { memoryZones } from '../../src/infra/local-dns/zones.ts';
import { openAccount, type TestAccount } from './support/account.ts';

const name = '_acme-challenge.www.example.com';
const host = '_acme-challenge.www';

async function open(zones = ['example.com']) {
  const account = await openAccount({ zones });
  const { dns, clock } = account;
  return { account, challenge: clouDnsChallenge({ dns, clock }) };
}

function valuesIn({ cloudns }: TestAccount, zone = 'example.com') {
  return [...(cloudns.zones.get(zone)?.values() ?? [])].map((one) => [one.host, one.type, one.record, one.ttl]);
}

describe('a challenge in ClouDNS', () => {
  it('is one value of 60 seconds beside those of others, and is removed alone', async () => {
    const { account, challenge } = await open();
    await using _account = account;
    account.cloudns.plant('example.com', { type: 'TXT', host, record: 'of somebody else', ttl: '300' });
    await challenge.present(name, 'first');
    await challenge.present(name, 'second');
    expect(valuesIn(account)).toEqual([
      [host, 'TXT', 'of somebody else', '300'],
      [host, 'TXT', 'first', '60'],
      [host, 'TXT', 'second', '60'],
    ]);
    await challenge.remove(name, 'first');
    expect(valuesIn(account).map(([, , value]) => value)).toEqual(['of somebody else', 'second']);
    // It is gone already: that is no error.
    await challenge.remove(name, 'first');
  });

  it('is written once where the answer to its writing is lost', async () => {
    const { account, challenge } = await open();
    await using _account = account;
    const matches = ({ path }: { readonly path: string }) => path === '/dns/add-record.json';
    account.cloudns.fail({ matches, times: 1, how: 'cut-after' });
    await challenge.present(name, 'value');
    expect(valuesIn(account)).toHaveLength(1);
    account.cloudns.fail({ matches, times: 1, how: 'cut' });
    await challenge.present(name, 'other');
    expect(valuesIn(account)).toHaveLength(2);
  });

  it('is removed once where the answer to its removal is lost', async () => {
    const { account, challenge } = await open();
    await using _account = account;
    await challenge.present(name, 'value');
    const matches = ({ path }: { readonly path: string }) => path === '/dns/delete-record.json';
    account.cloudns.fail({ matches, times: 1, how: 'cut-after' });
    await challenge.remove(name, 'value');
    expect(valuesIn(account)).toEqual([]);
  });

  it('is in the nearest zone of the account', async () => {
    const { account, challenge } = await open(['example.com', 'www.example.com']);
    await using _account = account;
    await challenge.present(name, 'value');
    expect(valuesIn(account, 'www.example.com')).toEqual([['_acme-challenge', 'TXT', 'value', '60']]);
    expect(valuesIn(account)).toEqual([]);
  });

  it('names the zones that there are where none of them fits', async () => {
    const { account, challenge } = await open();
    await using _account = account;
    await expect(challenge.present('_acme-challenge.example.net', 'value')).rejects.toMatchObject({
      code: 'no-zone',
      hint: 'It has example.com.',
    });
  });

  it('is ready when all servers of the zone show it', async () => {
    const { account } = await open();
    await using _account = account;
    const { dns, clock } = account;
    const records: { host: string; type: string; value: string; ttl: number }[] = [];
    const late = await startLocalDns({
      port: 0,
      upstream: null,
      zones: memoryZones(new Map([['example.com', records]])),
    });
    await using _late = late;
    const now = { host, type: 'TXT', value: 'value', ttl: 60 };
    const early = await startLocalDns({
      port: 0,
      upstream: null,
      zones: memoryZones(new Map([['example.com', [now]]])),
    });
    await using _early = early;
    const nameservers = [late, early].map(({ port }) => `127.0.0.1:${port}`);
    let sleeps = 0;
    const patient = { ...clock, sleep: () => (++sleeps === 2 && records.push(now), Promise.resolve()) };
    const challenge = clouDnsChallenge({ dns, clock: patient, nameservers });
    await challenge.ready?.(name, 'value');
    expect(sleeps).toBe(2);
    await expect(challenge.ready?.(name, 'another')).rejects.toMatchObject({
      code: 'dns-not-published',
      message: expect.stringContaining(`${nameservers[0] ?? ''} (it has other values)`) as string,
    });
  });
});
