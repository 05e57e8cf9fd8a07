// `veza-run doc`: pages made of the modules' own words, and nothing left undescribed.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { examplesText, snippet } from '../../src/cli/documentation/module-page.ts';
import { modulesMarkdown } from '../../src/cli/documentation/markdown.ts';
import { entriesOf, topicNames } from '../../src/cli/documentation/topics.ts';
import { modules } from '../../src/modules/index.ts';
import { keywordDescriptions } from '../../src/playbook/keyword-descriptions.ts';
import { keywords } from '../../src/playbook/keywords.ts';
import { projectDirectory } from '../support/cli.ts';
import { vezaRunHere } from '../support/cli-here.ts';
import { expectGolden } from '../support/golden.ts';

const doc = (...words: string[]) => vezaRunHere(['doc', ...words], projectDirectory);

describe('veza-run doc', () => {
  it('lists all modules, a line or two each', async () => {
    const { stdout, exitCode } = await doc();
    expect(exitCode).toBe(0);
    for (const { name } of modules) expect(stdout).toMatch(new RegExp(`^${name} +\\S`, 'm'));
    expect(stdout.split('\n').every((line) => line.length <= 110)).toBe(true);
  });

  it.each(['wait_for', 'set_fact', 'user'])('has a page about %s', async (name) => {
    const { stdout } = await doc(name);
    expectGolden(join(import.meta.dirname, 'golden', `doc-${name}.golden.txt`), stdout);
  });

  it('finds modules by their other names, and several at once', async () => {
    expect((await doc('ansible.builtin.copy')).stdout).toMatch(/^COPY\n/);
    expect((await doc('systemd', 'copy')).stdout).toMatch(/^SYSTEMD_SERVICE\n(?:.*\n)*COPY\n/);
  });

  it('is data with --json', async () => {
    const one = JSON.parse((await doc('stat', '--json')).stdout) as { arguments: { name: string }[] };
    expect(one).toMatchObject({ name: 'stat', summary: expect.any(String) as string });
    expect(one.arguments[0]).toMatchObject({ name: 'path', required: true, aliases: ['dest', 'name'], secret: false });
    expect(JSON.parse((await doc('--json')).stdout)).toHaveLength(modules.length);
    expect(JSON.parse((await doc('filters', 'zip', '--json')).stdout)).toMatchObject({ name: 'zip' });
  });

  it('gives a task to fill in, which is YAML', async () => {
    const { stdout } = await doc('-s', 'copy');
    expect(stdout).toMatch(/^- name: .*\n {2}copy:\n {4}dest: +# required\. /);
    for (const module of modules) expect(parse(snippet(module))).toHaveLength(1);
  });

  it.each(topicNames)('tells every one of the %s', async (topic) => {
    const { stdout } = await doc(topic);
    for (const { name, description } of entriesOf(topic)) {
      expect(stdout).toContain(`\n${name} `.trimStart());
      expect(description, `${topic} ${name} has no description`).not.toBe('');
    }
  });

  it('says how one of them is used', async () => {
    expect((await doc('filters', 'regex_replace')).stdout).toContain('usage: {{ value | regex_replace(');
    expect((await doc('keywords', 'serial')).stdout).toContain('of: play');
    expect((await doc('keywords', 'poll')).stdout).toContain('not supported (task, handler): Tasks are waited for');
  });

  it.each([
    [['copi'], 'there is no module "copi"', 'Did you mean "copy"?'],
    [['filters', 'combin'], 'there is no filter "combin"', 'Did you mean "combine"?'],
    [['tests', 'definde'], 'there is no test "definde"', 'Did you mean "defined"?'],
    [['keywords', 'xyzzyx'], 'there is no keyword "xyzzyx"', 'veza-run doc keywords lists all of them'],
  ])('suggests for %j', async (words, message, hint) => {
    const { stderr, exitCode } = await doc(...words);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
  });
});

describe('the documentation', () => {
  it('describes every keyword, and no other', () => {
    expect(Object.keys(keywordDescriptions).sort()).toEqual(Object.keys(keywords).sort());
  });

  it('has examples that are YAML of tasks', () => {
    for (const module of modules) {
      const tasks: unknown = parse(examplesText(module));
      expect(tasks).toEqual(module.examples.map(({ title, args }) => ({ name: title, [module.name]: args })));
    }
  });

  it('in docs/modules.md is that of the modules (UPDATE_GOLDEN=1 writes it anew)', () => {
    expectGolden(join(projectDirectory, 'docs/modules.md'), modulesMarkdown(modules));
  });
});
