// What the facts' probe prints, and the facts that it means. In the cases a file is what the host's file holds,
// and `OUTPUT name` what a command printed; `subset` says which facts are looked at.
// "recorded": taken from a real host. "written": put together by hand after that system's documentation.
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { facts } from '../../src/resources/facts.ts';
import { chosenSubsets } from '../../src/resources/facts/subsets.ts';
import { runTextCases } from '../support/text-cases.ts';

runTextCases(new URL('fact-cases', import.meta.url).pathname, (files) => {
  const subset = files.get('subset') ?? '';
  const outputs: string[] = [];
  const lines: string[] = [];
  for (const [name, text] of files) {
    const body = text.replace(/\n+$/, '');
    if (name.startsWith('OUTPUT ')) outputs.push(`\u001e${name.slice(7)}\n${body}\n`);
    else if (name.startsWith('/')) lines.push(...body.split('\n').map((line) => `${name}:${line}`));
  }
  const printed = `${outputs.join('')}\u001efiles\n${lines.join('\n')}\n\u001eend\n`;
  const id = { subsets: chosenSubsets(['!all', '!min', ...subset.split(/\s+/)]), factPath: '/f', timeoutSeconds: 1 };
  const state = facts.parse(printed, [id]).get('facts:host');
  return stringify(state?.facts, { lineWidth: 0 });
});

describe('gather_subset', () => {
  const min = chosenSubsets(['min']);
  const all = chosenSubsets([]);
  it.each([
    [['all'], all],
    [['!all'], min],
    [['!all', '!min'], []],
    [['!all', '!min', 'network'], ['network']],
    [['!all,!min,default_ipv4'], ['network']],
    [['network'], [...min, 'network']],
    [['!hardware'], all.filter((name) => !['processor', 'memory', 'dmi', 'mounts', 'devices'].includes(name))],
    [
      ['hardware', '!mounts'],
      [...min, 'processor', 'memory', 'dmi', 'devices'],
    ],
    [
      ['!hardware', 'mounts'],
      [...min, 'mounts'],
    ],
    [['facter'], min],
  ])('%j', (asked, expected) => {
    expect(chosenSubsets(asked).toSorted()).toEqual(expected.toSorted());
  });

  it('refuses names that mean nothing', () => {
    expect(() => chosenSubsets(['netwrok'])).toThrow('there is no subset "netwrok" of facts');
  });
});

it('what is no output of the probe is refused', () => {
  const id = { subsets: [], factPath: '/f', timeoutSeconds: 1 };
  expect(() => facts.parse('Welcome!\n\u001eend\n', [id])).toThrow('printed "Welcome!');
  expect(() => facts.parse('', [id])).toThrow('not facts');
});
