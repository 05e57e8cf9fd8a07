// `prod dns` as a program: list, set, rm and diff, by hand and compared with infra.yaml.
import { describe, expect, it } from 'vitest';
import { changesOf, openProd } from './support.ts';

describe('prod dns', () => {
  it('lists records in one order, the zone itself as @', async () => {
    await using at = await openProd();
    expect((await at.prod('dns list')).stdout).toBe('No records found in example.com\n');
    at.cloudns.plant('example.com', { type: 'A', host: 'www', record: '192.0.2.2', ttl: '300' });
    at.cloudns.plant('example.com', { type: 'MX', host: '', record: 'mail.example.net', ttl: '3600', priority: '10' });
    at.cloudns.plant('example.com', { type: 'A', host: '', record: '192.0.2.1', ttl: '300' });
    const rows = (await at.prod('dns list')).stdout.split('\n').map((line) => line.split(/ {2,}/).slice(1).join(' | '));
    expect(rows.slice(0, 4)).toEqual([
      'TYPE | HOST | TTL | VALUE',
      'A | @ | 300 | 192.0.2.1',
      'MX | @ | 3600 | 10 mail.example.net',
      'A | www | 300 | 192.0.2.2',
    ]);
    const json = JSON.parse((await at.prod('dns list example.com --json')).stdout) as { host: string }[];
    expect(json.map(({ host }) => host)).toEqual(['', '', 'www']);
  });

  it('sets, sees that it is set, corrects and removes', async () => {
    await using at = await openProd();
    const dry = await at.prod('dns set www A 192.0.2.9 --dry-run');
    expect([dry.exitCode, changesOf(at)]).toEqual([2, []]);
    expect((await at.prod('dns set www A 192.0.2.9')).exitCode).toBe(0);
    const again = await at.prod('dns set www A 192.0.2.9');
    expect([again.exitCode, again.stdout]).toEqual([0, expect.stringContaining('Record already correct')]);
    expect(changesOf(at)).toHaveLength(1);
    // Another TTL is another record: 301 is rounded up to one that the service allows.
    expect((await at.prod('dns set www A 192.0.2.9 --ttl 301')).stdout).toContain('ttl: 300 -> 900');
    expect((await at.prod('dns set @ MX mail.example.net --priority 10')).exitCode).toBe(0);
    expect((await at.prod('dns rm www A')).stdout).toContain('- dns:example.com/www/A');
    expect((await at.prod('dns rm www A')).stdout).toContain('There is no A record of www in example.com');
    const left = [...(at.cloudns.zones.get('example.com')?.values() ?? [])];
    expect(left).toMatchObject([{ host: '', type: 'MX', priority: '10' }]);
  });

  it('refuses to choose among several values', async () => {
    await using at = await openProd();
    for (const record of ['192.0.2.1', '192.0.2.2'])
      at.cloudns.plant('example.com', { type: 'A', host: 'www', record, ttl: '300' });
    const { exitCode, stderr } = await at.prod('dns set www A 192.0.2.3');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('www A has 2 values: 192.0.2.1, 192.0.2.2');
    expect(changesOf(at)).toEqual([]);
  });

  it('compares with infra.yaml', async () => {
    await using at = await openProd();
    await at.prod('setup --step lb');
    const before = changesOf(at);
    const { exitCode, stdout } = await at.prod('dns diff');
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/\+ dns:example\.com\/@\/A\n +values: \["198\.51\.100\.\d+"\]/);
    expect(stdout).toContain('7 to create');
    expect(changesOf(at)).toEqual(before);
    expect((await at.prod('setup --step dns')).exitCode).toBe(0);
    expect((await at.prod('dns diff')).exitCode).toBe(0);
  });

  it.each([
    ['dns list exmaple.com', 'the account has no zone "exmaple.com" [unknown-zone]', 'Did you mean "example.com"?'],
    ['dns diff --zone exmaple.com', 'has no zone "exmaple.com" [unknown-zone]', 'Did you mean "example.com"?'],
    ['dns set www CNAM x', 'there are no records of type "CNAM"', 'Did you mean "CNAME"?'],
    ['dns set www A 192.0.2.1 --ttl soon', '--ttl must be a whole number, not "soon"', ''],
    ['dns set www A 192.0.2.1 --priority 1', 'A records have no priority', 'Leave out --priority.'],
    ['dns set @ SRV host --port 1', 'a record of type SRV needs --priority --weight', ''],
    ['dns list --timeout soon', '--timeout must be a number of seconds, not "soon"', ''],
  ])('refuses: %s', async (words, message, hint) => {
    await using at = await openProd();
    const { exitCode, stderr } = await at.prod(words);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
    expect(changesOf(at)).toEqual([]);
  });

  it('asks which zone where there are several', async () => {
    await using at = await openProd(
      'hosts: { a: { ip: 192.0.2.1, type: hrobot } }\ndns: { zones: { a.example: { records: [] }, b.example: { records: [] } } }\n',
    );
    const { exitCode, stderr } = await at.prod('dns list');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('Name it with --zone: a.example, b.example.')]);
  });
});
