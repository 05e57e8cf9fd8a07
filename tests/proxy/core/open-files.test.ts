// The limit of open files as Linux tells it.
import { describe, expect, it } from 'vitest';
import { softLimitOf } from '../../../src/proxy/server/open-files.ts';

const table = (line: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units     \n${line}Max locked memory         8388608              8388608              bytes     \n`;

describe('the limit of open files', () => {
  it.each([
    ['Max open files            1024                 524288               files     \n', 1024],
    ['Max open files            unlimited            unlimited            files     \n', 0],
    ['', 0],
  ])('is the soft one of %j', (line, limit) => {
    expect(softLimitOf(table(line))).toBe(limit);
  });
});
