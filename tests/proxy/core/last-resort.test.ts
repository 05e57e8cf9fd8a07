// Who serves when the servers that should cannot: backups, and what a backend does when nobody is left.
import { describe, expect, it } from 'vitest';
import { aBackend } from '../support/builders.ts';
import { setDown, setUp } from '../support/policy-setting.ts';

describe('backups', () => {
  const servers = [1, 2, 3].map((id) => ({ name: `s${id}`, address: 'a', port: 80 + id, backup: id > 1 }));

  it('serve all together with allbackups', () => {
    const setting = setUp({ servers, allbackups: true });
    expect(setting.count(4)).toEqual({ s1: 4 });
    setDown(setting, 's1');
    expect(setting.count(4)).toEqual({ s2: 2, s3: 2 });
  });

  it('serve by hash too', () => {
    const setting = setUp({ servers, allbackups: true, balance: 'uri' });
    setDown(setting, 's1');
    const names = Array.from({ length: 40 }, (_, index) => setting.pick(1, `/k/${index}`));
    expect(new Set(names)).toEqual(new Set(['s2', 's3']));
  });

  it('are no place to go from servers that are merely full', () => {
    const setting = setUp({ servers });
    const [first] = setting.servers;
    first?.quota.share(1, 0, 1);
    if (first) first.inFlight = 1;
    expect(setting.pick()).toBe('full');
  });
});

describe('when no server is usable', () => {
  it.each([
    ['hold', 'none', 10_000],
    ['fail', 'none', 0],
  ])('%s', (allDown, expected, holdMs) => {
    const setting = setUp({ allDown }, 1, 1);
    setDown(setting, 's1', 's2');
    expect(setting.pick()).toBe(expected);
    expect(aBackend({ allDown }).holdMs).toBe(holdMs);
  });

  it('any: sends to one that is thought to be down, but not in maintenance, and not twice', () => {
    const setting = setUp({ allDown: 'any' }, 1, 1, 1);
    setDown(setting, 's1', 's2', 's3');
    setting.servers[2]?.apply({ key: 'api/s3', up: false, admin: 'maint', weight: 1, risingForMs: -1 }, 0);
    expect(setting.count(4)).toEqual({ s1: 2, s2: 2 });
    const tried = setting.servers.slice(0, 2);
    expect(setting.balancer.pick({ nowMs: 1, tried, bound: undefined, hash: undefined })).toBe('none');
  });
});
