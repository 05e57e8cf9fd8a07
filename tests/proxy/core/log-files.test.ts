// Decisions about logs: when a file is put aside and which go, what is thinned out, what is hidden.
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { Mask } from '../../../src/proxy/core/logging/mask.ts';
import {
  isRotationDue,
  rotatedFiles,
  rotatedName,
  type RotationConfig,
  surplusFiles,
} from '../../../src/proxy/core/logging/rotation.ts';
import { Sampler } from '../../../src/proxy/core/logging/sampling.ts';

const nowMs = Date.UTC(2026, 10, 21, 16, 30, 15, 250);
const dayMs = 86_400_000;
const config: RotationConfig = { sizeBytes: 1000, everyMs: dayMs, keep: 3, maxAgeMs: 5 * dayMs, compress: true };

describe('rotation', () => {
  it('is due by size or by age, and never for an empty file', () => {
    const due = (sizeBytes: number, ageMs: number, from = config): boolean =>
      isRotationDue({ sizeBytes, begunMs: nowMs - ageMs }, from, nowMs);
    expect([due(999, 0), due(1000, 0), due(1, dayMs), due(1, dayMs - 1), due(0, 9 * dayMs)]).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
    expect(due(1, 9 * dayMs, { ...config, everyMs: undefined })).toBe(false);
  });

  it('names files by time, and never one that is there, compressed or not', () => {
    const name = 'access.log-20261121-163015';
    expect(rotatedName('access.log', nowMs, new Set())).toBe(name);
    expect(rotatedName('access.log', nowMs, new Set([name, `${name}-1.gz`]))).toBe(`${name}-2`);
  });

  it('removes the oldest beyond the number that is kept, those that are too old, and nothing of others', () => {
    const files = [
      'access.log',
      'access.log-20261121-160000.gz',
      'access.log-20261121-160000-10.gz',
      'access.log-20261121-160000-9',
      'access.log-20261101-160000.gz',
      'access.log-20261121-160000.gz.part',
      'access.log-notes',
      'other-access.log-20261121-160000',
    ];
    const found = rotatedFiles('access.log', files);
    expect(found.map(({ file }) => file)).toEqual([files[2], files[3], files[1], files[4]]);
    expect(found.map(({ isCompressed }) => isCompressed)).toEqual([true, false, true, true]);
    expect(surplusFiles(found, { ...config, keep: 2 }, nowMs)).toEqual([files[1], files[4]]);
    expect(surplusFiles(found, { ...config, keep: 9 }, nowMs)).toEqual([files[4]]);
    expect(surplusFiles(found, { ...config, keep: 9, maxAgeMs: undefined }, nowMs)).toEqual([]);
  });
});

describe('sampling', () => {
  it('writes the first lines of a kind in a second, then one of so many, and counts the others', () => {
    const sampler = new Sampler();
    const take = (message: string, atMs: number): number | undefined =>
      sampler.take('warn', message, { first: 2, thereafter: 3 }, atMs);
    const taken = Array.from({ length: 8 }, (_, index) => take(`check ${index} of a failed`, 10));
    expect(taken).toEqual([0, 0, undefined, undefined, 2, undefined, undefined, 2]);
    expect(take('something else', 10)).toBe(0);
    expect([take('check 9 of a failed', 500), take('check 9 of a failed', 1010)]).toEqual([undefined, 1]);
  });
});

describe('masks', () => {
  const mask = new Mask(['token', 'X-Api-Key', 'a.b']);

  it('hide values of query parameters, whatever stands around them', () => {
    expect(mask.inUrl('/a?token=s3cret&x=1;x_api_key=k#t')).toBe('/a?token=********&x=1;x_api_key=********#t');
    expect(mask.inUrl('/a?TOKEN=&mytoken=1&a.b=2&axb=3')).toBe('/a?TOKEN=&mytoken=1&a.b=********&axb=3');
    expect(mask.inUrl('/token=1')).toBe('/token=1');
    expect(new Mask([]).inUrl('/a?token=1')).toBe('/a?token=1');
  });

  it('hide headers and fields by name', () => {
    expect([mask.hides('x-api-key'), mask.hides('X_API_KEY'), mask.hides('x-api')]).toEqual([true, true, false]);
  });
});

describe('the keys of logs', () => {
  const read = (log: object): ReturnType<typeof readConfig> =>
    readConfig(
      JSON.stringify({
        log,
        frontends: [{ name: 'web', bind: ['*:80'], accessLog: { requests: 'failed' }, defaultBackend: 'api' }],
        backends: [{ name: 'api', servers: [{ name: 'a', address: 'h', port: 1 }] }],
      }),
      'x.json',
    );

  it('become sizes, times and targets', () => {
    const result = read({ output: ['stderr', '/var/log/p.log'], sample: 5, rotate: { size: '2GB', every: '1d' } });
    expect(result.ok && result.config.log).toMatchObject({
      outputs: [{ kind: 'stderr' }, { kind: 'file', path: '/var/log/p.log' }],
      frontends: { web: { requests: 'failed', sample: 5 } },
      rotate: { sizeBytes: 2 * 1024 ** 3, everyMs: dayMs, keep: 10, maxAgeMs: undefined, compress: true },
    });
  });

  it.each([
    [{ levels: { apj: 'debug' } }, 'there is no frontend or backend `apj`', 'api'],
    [{ rotate: { size: '100' } }, 'log.rotate.size: "100" is not allowed here', 'KB, MB, GB'],
    [{ rotate: { every: '5ms' } }, '`every` must be at least 1s', 'Leave it out'],
  ])('are refused where they are wrong: %j', (log, message, hint) => {
    expect(read(log).diagnostics).toMatchObject([{ message, hint: expect.stringContaining(hint) as string }]);
  });
});
