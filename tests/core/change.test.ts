// Laws of the only diff of the program.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applied, difference, sameValue } from '../../src/core/change.ts';
import { unknown } from '../../src/core/unknown.ts';

const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string()));
const attributes = fc.dictionary(fc.constantFrom('mode', 'owner', 'content', 'size', 'names'), value);
const current = fc.option(attributes);
const desired = fc.option(attributes);

describe('difference', () => {
  it('has nothing left to do after its change was made', () => {
    fc.assert(
      fc.property(current, desired, (is, wanted) => {
        expect(difference(applied(is, difference(is, wanted)), wanted).action).toBe('no-op');
      }),
    );
  });

  it('is nothing exactly where the wanted attributes are there already', () => {
    fc.assert(
      fc.property(attributes, attributes, (is, wanted) => {
        const same = Object.keys(wanted).every((name) => sameValue(is[name], wanted[name]));
        expect(difference(is, wanted).action === 'no-op').toBe(same);
      }),
    );
  });

  it('names only what differs, with both sides, and leaves alone what is not managed', () => {
    fc.assert(
      fc.property(attributes, attributes, (is, wanted) => {
        const { before, after } = difference(is, wanted);
        expect(Object.keys(before ?? {})).toEqual(Object.keys(after ?? {}));
        for (const [name, next] of Object.entries(after ?? {})) {
          expect(next).toEqual(wanted[name]);
          expect(sameValue(is[name], next)).toBe(false);
        }
        const next = applied(is, difference(is, wanted));
        for (const name of Object.keys(is)) if (!(name in wanted)) expect(next?.[name]).toEqual(is[name]);
      }),
    );
  });

  it('derives the action from the two states', () => {
    expect(difference(null, null).action).toBe('no-op');
    expect(difference(null, { mode: '1' }).action).toBe('create');
    expect(difference({ mode: '1' }, null).action).toBe('delete');
    expect(difference({ mode: '1' }, { mode: '2' }).action).toBe('update');
    expect(difference(null, {}).action).toBe('no-op');
  });

  it('takes an attribute whose current value is unknown for different', () => {
    expect(difference<object>({ mode: unknown('not seen') }, { mode: '1' }).action).toBe('update');
  });
});

describe('sameValue', () => {
  it('compares structure, whatever the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(sameValue(json, JSON.parse(JSON.stringify(json)))).toBe(true);
      }),
    );
    expect(sameValue({ a: 1, b: [2] }, { b: [2], a: 1 })).toBe(true);
    expect(sameValue([1], { 0: 1 })).toBe(false);
  });

  it('takes no unknown for the same, not even itself', () => {
    const open = unknown('x');
    expect(sameValue(open, open)).toBe(false);
  });
});
