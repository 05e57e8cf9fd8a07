// --tags and --skip-tags: a table of which tasks they leave.
import { describe, expect, it } from 'vitest';
import { selectedByTags } from '../../src/playbook/tags.ts';

const list = (text: string) => text.split(' ').filter((tag) => tag !== '');

describe('tags', () => {
  it.each([
    // tags of the task, --tags, --skip-tags, runs
    ['', '', '', true],
    ['a', '', '', true],
    ['a', 'a', '', true],
    ['a b', 'b', '', true],
    ['a', 'b', '', false],
    ['', 'a', '', false],
    ['a', 'all', '', true],
    ['', 'all', '', true],
    ['a', 'tagged', '', true],
    ['', 'tagged', '', false],
    ['a', 'untagged', '', false],
    ['', 'untagged', '', true],
    ['always', 'b', '', true],
    ['always', 'untagged', '', true],
    ['always a', '', 'a', false],
    ['always', '', 'always', false],
    ['always', '', 'all', true],
    ['never', '', '', false],
    ['never', 'all', '', false],
    ['never', 'tagged', '', false],
    ['never', 'never', '', true],
    ['never a', 'a', '', true],
    ['never a', 'a', 'a', false],
    ['never always', '', '', true],
    ['a', '', 'a', false],
    ['a', '', 'b', true],
    ['a', 'a', 'a', false],
    ['', '', 'a', true],
    ['a', '', 'all', false],
    ['', '', 'tagged', true],
    ['a', '', 'tagged', false],
    ['', '', 'untagged', false],
    ['a', '', 'untagged', true],
  ])('task [%s] with --tags [%s] --skip-tags [%s] runs: %s', (tags, only, skip, runs) => {
    expect(selectedByTags(list(tags), list(only), list(skip))).toBe(runs);
  });
});
