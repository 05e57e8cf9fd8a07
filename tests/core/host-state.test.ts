// What is known of a host: seen, foreseen, disturbed; in runs and in dry runs.
import { describe, expect, it } from 'vitest';
import { HostState } from '../../src/core/host-state.ts';
import { isUnknown } from '../../src/core/unknown.ts';
import type { Disturbance, ResourceKind } from '../../src/core/resource.ts';
import { rawShell } from '../../src/lib/shell.ts';

interface Id {
  readonly name: string;
  readonly detail?: boolean;
}
const kind = (name: string): ResourceKind<Id, { v: number }> => ({
  kind: name,
  key: (id) => `${name}:${id.name}`,
  probe: () => rawShell('true'),
  parse: () => new Map(),
  apply: () => rawShell('true'),
  covers: (known, asked) => !asked.detail || known.detail === true,
});
const file = kind('file');
const user = kind('user');
const fileAt = (name: string, detail?: boolean) => ({
  resource: file,
  id: { name, ...(detail === undefined ? {} : { detail }) },
});
const alice = { resource: user, id: { name: 'alice' } };
const command = { resource: kind('run'), id: { name: 'make' } };
const map = (entries: readonly (readonly [string, unknown])[]): Disturbance => new Map(entries) as Disturbance;

function stateWith(options: { dryRun: boolean }, names: readonly string[]): HostState {
  const state = new HostState(options);
  for (const name of names) state.see(fileAt(name), { v: 1 });
  return state;
}

describe.each([{ dryRun: true }, { dryRun: false }])('what is known ($dryRun)', (options) => {
  it('knows nothing that was never looked at', () => {
    const state = new HostState(options);
    expect(state.knows(alice)).toBe(false);
    expect(state.get(alice)).toBeUndefined();
  });

  it('tells what was seen, absence too', () => {
    const state = new HostState(options);
    state.see(alice, null);
    expect(state.knows(alice)).toBe(true);
    expect(state.get(alice)).toBeNull();
  });

  it('does not take a superficial look for a thorough one', () => {
    const state = stateWith(options, ['/a']);
    expect(state.knows(fileAt('/a', true))).toBe(false);
    state.see(fileAt('/a', true), { v: 1 });
    expect(state.knows(fileAt('/a'))).toBe(true);
  });

  it('asks nobody who is only going to be there', () => {
    const state = new HostState(options);
    state.see(alice, null);
    expect(state.isProspect('user:alice')).toBe(false);
    state.foresee(alice, { v: 1 }, undefined, 'task');
    expect(state.isProspect('user:alice')).toBe(options.dryRun);
  });

  it('lays what is foreseen over what was seen', () => {
    const state = stateWith(options, ['/a']);
    state.foresee(fileAt('/a'), { v: 2 }, undefined, 'task');
    expect(state.get(fileAt('/a'))).toEqual({ v: 2 });
    state.foresee(fileAt('/a'), null, undefined, 'task');
    expect(state.get(fileAt('/a'))).toBeNull();
  });

  it('predicts exact keys, prefixes and everything; the longest that fits counts', () => {
    const state = stateWith(options, ['/d', '/d/a', '/d/b', '/other']);
    const disturbance = map([
      ['*', (before: unknown) => before],
      ['file:/d/', null],
      ['file:/d/b', { v: 9 }],
    ]);
    state.foresee(alice, { v: 1 }, disturbance, 'task');
    expect(state.get(fileAt('/d'))).toEqual({ v: 1 });
    expect(state.get(fileAt('/d/a'))).toBeNull();
    expect(state.get(fileAt('/d/b'))).toEqual({ v: 9 });
    expect(state.get(fileAt('/other'))).toEqual({ v: 1 });
  });

  it('does not take a key for the beginning of another', () => {
    const state = stateWith(options, ['/d', '/data']);
    state.foresee(alice, null, map([['file:/d', null]]), 'task');
    expect(state.get(fileAt('/d'))).toBeNull();
    expect(state.get(fileAt('/data'))).toEqual({ v: 1 });
  });

  it('gives functions the state that was there before', () => {
    const state = stateWith(options, ['/a']);
    state.foresee(alice, null, map([['file:', (before: { v: number }) => ({ v: before.v + 1 })]]), 'task');
    expect(state.get(fileAt('/a'))).toEqual({ v: 2 });
  });

  it('keeps what a change is known to lead to, whatever it disturbs', () => {
    const state = stateWith(options, []);
    state.foresee(command, { v: 1 }, 'everything', 'task');
    expect(state.get(command)).toEqual({ v: 1 });
  });

  it('knows nothing after forgetting', () => {
    const state = stateWith(options, ['/a']);
    state.forget();
    expect(state.knows(fileAt('/a'))).toBe(false);
  });
});

describe('a run', () => {
  it('forgets what cannot be predicted, so that it is looked at again', () => {
    const state = stateWith({ dryRun: false }, ['/a', '/b']);
    state.foresee(alice, null, map([['file:/a', undefined]]), 'task');
    expect(state.knows(fileAt('/a'))).toBe(false);
    expect(state.knows(fileAt('/b'))).toBe(true);
    state.foresee(command, { v: 1 }, 'everything', 'task');
    expect(state.knows(fileAt('/b'))).toBe(false);
    expect(state.assumption).toBeNull();
  });

  it('takes a later look for what it is', () => {
    const state = stateWith({ dryRun: false }, []);
    state.foresee(alice, null, map([['file:', null]]), 'task');
    state.see(fileAt('/a'), { v: 5 });
    expect(state.get(fileAt('/a'))).toEqual({ v: 5 });
  });

  it('looks again at what may depend on anything, after any change', () => {
    const state = stateWith({ dryRun: false }, ['/a']);
    const guard = { resource: { ...kind('run'), dependsOnAnything: () => true }, id: { name: 'guarded' } };
    state.see(guard, { v: 1 });
    state.foresee(alice, { v: 1 }, undefined, 'task');
    expect(state.knows(guard)).toBe(false);
    expect(state.knows(fileAt('/a'))).toBe(true);
  });

  it('looks again for what a foreseen change did not need to know', () => {
    const state = stateWith({ dryRun: false }, ['/a']);
    state.foresee(fileAt('/a'), { v: 2 }, undefined, 'task');
    expect(state.knows(fileAt('/a', true))).toBe(false);
  });
});

describe('a dry run', () => {
  it('says what an unpredictable state depends on', () => {
    const state = stateWith({ dryRun: true }, ['/a']);
    state.foresee(alice, null, map([['file:/a', undefined]]), 'Add alice');
    const value = state.get(fileAt('/a'));
    expect(isUnknown(value) && value.reason).toBe('depends on "Add alice"');
  });

  it('goes on with what it saw after a change that may do anything, and names the first such task', () => {
    const state = stateWith({ dryRun: true }, ['/a']);
    state.foresee(command, { v: 1 }, 'everything', 'Make it');
    state.foresee(command, { v: 1 }, 'everything', 'Make more');
    expect(state.get(fileAt('/a'))).toEqual({ v: 1 });
    expect(state.assumption).toBe('Make it');
  });

  it('applies predictions to what is looked at only later, in their order', () => {
    const state = stateWith({ dryRun: true }, []);
    state.foresee(alice, null, map([['file:/home/', null]]), 'Remove alice');
    state.foresee(alice, { v: 1 }, map([['file:/home/alice', { v: 7 }]]), 'Add alice');
    state.see(fileAt('/home/alice'), { v: 1 });
    state.see(fileAt('/home/bob'), { v: 1 });
    expect(state.get(fileAt('/home/alice'))).toEqual({ v: 7 });
    expect(state.get(fileAt('/home/bob'))).toBeNull();
  });

  it('needs no further look at what would be changed: the host cannot tell', () => {
    const state = stateWith({ dryRun: true }, ['/a']);
    state.foresee(fileAt('/a'), { v: 2 }, undefined, 'task');
    expect(state.knows(fileAt('/a', true))).toBe(true);
    expect(state.get(fileAt('/a', true))).toEqual({ v: 2 });
  });

  it('looks again after a change that was made all the same, and assumes nothing', () => {
    const state = stateWith({ dryRun: true }, ['/seen', '/foreseen']);
    state.foresee(fileAt('/foreseen'), { v: 2 }, undefined, 'task');
    state.foresee(command, { v: 1 }, 'everything', 'Really', true);
    expect(state.knows(fileAt('/seen'))).toBe(false);
    expect(state.get(fileAt('/foreseen'))).toEqual({ v: 2 });
    expect(state.assumption).toBeNull();
  });
});
