// What the stats socket answers with, with and without severities.
import { describe, expect, it } from 'vitest';
import { failure, note, readNumbered, replyText } from '../../../src/proxy/core/stats/reply.ts';

describe('a reply', () => {
  it.each([
    ['data\n', 'data\n', 'data\n'],
    [failure('No such server.\n'), '[3]: No such server.\n', '[err]: No such server.\n'],
    [note('Moved.\n', 'warning'), '[4]: Moved.\n', '[warning]: Moved.\n'],
    [note('It is so.\n', 'notice'), '[5]: It is so.\n', '[notice]: It is so.\n'],
    [note('Done.\n'), '[6]: Done.\n', '[info]: Done.\n'],
    [note(''), '', ''],
  ])('has its severity before it only if that is wanted: %j', (reply, number, string) => {
    expect(replyText(reply, 'none')).toBe(typeof reply === 'string' ? reply : reply.text);
    expect(replyText(reply, 'number')).toBe(number);
    expect(replyText(reply, 'string')).toBe(string);
  });
});

describe('what was said with numbers', () => {
  it.each([
    ['[3]: No such server.\n\n', true, 'No such server.\n\n'],
    ['\n[3]: No such server.\n\n', true, '\nNo such server.\n\n'],
    ['# name\napi\n\n[3]: No such server.\n\n', true, '# name\napi\n\nNo such server.\n\n'],
    ['[4]: Moved.\n\n[6]: Done.\n\n', false, 'Moved.\n\nDone.\n\n'],
    ['[22/Nov/2026:02:11:25.000] frontend [3]: x\n', false, '[22/Nov/2026:02:11:25.000] frontend [3]: x\n'],
  ])('failed where an error is in it: %j', (said, failed, text) => {
    expect(readNumbered(said)).toEqual({ failed, text });
  });
});
