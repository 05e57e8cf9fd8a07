// What templates give, as what modules take. The results are those of ansible-core 2.14 with the same values.
import { describe, expect, it } from 'vitest';
import { convertTemplated } from '../../src/engine/conversion.ts';
import type { Json } from '../../src/lib/json.ts';

const schema = {
  properties: {
    text: { type: 'string' },
    mode: { type: 'string', $comment: 'Write it in quotes.' },
    flag: { type: 'boolean' },
    count: { type: 'integer' },
    either: { type: ['string', 'integer'] },
    list: { type: 'array', items: { type: 'string' } },
  },
};

const convert = (name: string, value: Json, raw: unknown = '{{ x }}') =>
  convertTemplated({ [name]: value }, schema, () => raw)[name];

describe('values of templates', () => {
  it.each<[string, Json, Json]>([
    ['text', 8080, '8080'],
    ['text', true, 'True'],
    ['text', 'as it is', 'as it is'],
    ['flag', 'yes', true],
    ['flag', 'False', false],
    ['flag', 'perhaps', 'perhaps'],
    ['count', '42', 42],
    ['count', '4.2', '4.2'],
    ['either', 5, 5],
    ['list', 'a, b', ['a', 'b']],
    ['list', ['a', 1], ['a', '1']],
    ['mode', 420, 420],
  ])('%s from %j is %j', (name, value, result) => expect(convert(name, value)).toEqual(result));

  it('what is written in the playbook stays as it is', () => {
    expect(convert('text', 8080, 8080)).toBe(8080);
    expect(convert('flag', 'yes', 'yes')).toBe('yes');
  });
});
