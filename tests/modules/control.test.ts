// Modules that touch no host.
import { describe, expect, it } from 'vitest';
import type { ControlContext } from '../../src/core/module.ts';
import { VezaError } from '../../src/lib/errors.ts';
import type { Json } from '../../src/lib/json.ts';
import assert from '../../src/modules/assert.ts';
import debug from '../../src/modules/debug.ts';
import fail from '../../src/modules/fail.ts';
import meta from '../../src/modules/meta.ts';
import setFact from '../../src/modules/set_fact.ts';

const scope = (values: Record<string, Json>, verbosity = 0): ControlContext => ({
  taskName: 'test',
  checkMode: false,
  verbosity,
  evaluate: (expression) => {
    const value = values[expression];
    if (value === undefined) throw new VezaError('undefined-variable', `'${expression}' is undefined`);
    return value;
  },
});

describe('assert', () => {
  const held = scope({ yes: true, no: false, text: 'x' });
  it('passes when all hold', () => {
    expect(assert.control({ that: ['yes', true] }, held)).toEqual({
      result: { msg: 'All assertions passed' },
      message: 'All assertions passed',
    });
    expect(assert.control({ that: 'yes', quiet: true }, held)).toEqual({ result: {} });
  });
  it('names the one that does not', () => {
    expect(assert.control({ that: ['yes', 'no'], fail_msg: 'too bad' }, held)).toEqual({
      failed: 'too bad',
      result: { assertion: 'no', evaluated_to: false, msg: 'too bad' },
    });
  });
  it('refuses what is neither true nor false', () => {
    expect(() => assert.control({ that: 'text' }, held)).toThrow('neither true nor false');
  });
});

describe('debug', () => {
  it('shows a message of any shape, or a greeting', () => {
    expect(debug.control({ msg: { a: [1] } }, scope({})).message).toEqual({ a: [1] });
    expect(debug.control({}, scope({})).message).toBe('Hello world!');
  });
  it('shows a variable, also one that there is not', () => {
    expect(debug.control({ var: 'x' }, scope({ x: 7 })).message).toEqual({ x: 7 });
    expect(debug.control({ var: 'y' }, scope({})).message).toEqual({ y: 'VARIABLE IS NOT DEFINED!' });
  });
  it('keeps quiet below its verbosity', () => {
    expect(debug.control({ msg: 'x', verbosity: 2 }, scope({}, 1))).not.toHaveProperty('message');
    expect(debug.control({ msg: 'x', verbosity: 2 }, scope({}, 2)).message).toBe('x');
  });
});

it('set_fact sets variables, and refuses names that are none', () => {
  expect(setFact.control({ a: 1, cacheable: true } as never, scope({})).facts).toEqual({ a: 1 });
  expect(() => setFact.control({ 'a-b': 1 } as never, scope({}))).toThrow('cannot be the name');
  expect(() => setFact.control({}, scope({}))).toThrow('at least one');
});

it('fail fails, meta steers', () => {
  expect(fail.control({ msg: 'stop' }, scope({})).failed).toBe('stop');
  expect(meta.control({ action: 'end_host' }, scope({}))).toEqual({ meta: 'end_host' });
});
