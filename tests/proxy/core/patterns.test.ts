// Which pattern of a list a sample meets, and versions of lists; the words are compared with HAProxy's in haproxy-patterns.test.ts.
import { describe, expect, it } from 'vitest';
import { convertHaproxy } from '../../../src/proxy/core/convert/haproxy/convert.ts';
import { patternFor, patternProblem, type PatternType } from '../../../src/proxy/core/patterns/pattern-list.ts';
import { PatternVersions } from '../../../src/proxy/core/patterns/versions.ts';
import { patternOutcome } from '../../../src/proxy/core/patterns/pattern-words.ts';
import { note } from '../../../src/proxy/core/stats/reply.ts';

const use = (type: PatternType, ignoreCase = false) => ({ place: '', type, ignoreCase });
const listOf = (type: PatternType, keys: readonly string[]) => ({
  kind: 'acl' as const,
  id: 0,
  file: 'a.lst',
  origin: 'a.lst',
  uses: [use(type)],
  patterns: keys.map((key) => ({ key, value: '' })),
});

describe('a sample meets', () => {
  it.each<[PatternType, readonly string[], string, string | undefined]>([
    ['str', ['a', 'b'], 'b', 'b'],
    ['str', ['a', 'b'], 'B', undefined],
    ['beg', ['/a', '/a/b'], '/a/b/c', '/a/b'],
    ['end', ['.png', 'g'], 'x.png', '.png'],
    ['sub', ['bot'], 'a bot b', 'bot'],
    ['dir', ['admin'], '/x/admin/y', 'admin'],
    ['dir', ['admin'], '/x/admins/y', undefined],
    ['dom', ['example'], 'www.example.org', 'example'],
    ['dom', ['ample'], 'www.example.org', undefined],
    ['reg', ['^/v[0-9]$'], '/v3', '^/v[0-9]$'],
    ['ip', ['10.0.0.0/8', '10.1.0.0/16'], '10.1.2.3', '10.1.0.0/16'],
    ['ip', ['10.0.0.0/8', '2001:db8::/32'], '2001:db8::7', '2001:db8::/32'],
    ['ip', ['10.0.0.0/8'], 'nobody', undefined],
  ])('%s %j with %s: %s', (type, keys, sample, met) => {
    expect(patternFor(listOf(type, keys).patterns, use(type), sample)?.key).toBe(met);
  });

  it('what differs in case only, where case does not matter', () => {
    expect(patternFor([{ key: '/Admin', value: '' }], use('beg', true), '/aDMIN/x')?.key).toBe('/Admin');
  });

  it.each<[PatternType, string]>([
    ['ip', '300.1.1.1'],
    ['reg', '(('],
    ['int', 'x'],
  ])('nothing that can be no pattern: %s %s', (type, key) => {
    expect(patternProblem(listOf(type, []), key)).toContain(`'${key}'`);
  });
});

describe('versions of a list', () => {
  it('are written to without effect until one is committed, and older ones are gone then', () => {
    const list = new PatternVersions(listOf('str', ['a']));
    const run = (action: 'add' | 'commit' | 'prepare' | 'del', ...words: string[]) =>
      patternOutcome({ kind: 'acl', action, words, payload: undefined }, [list], true);
    expect(run('prepare', 'a.lst')).toEqual({ answer: note('New version created: 1\n') });
    expect(run('add', '@1', 'a.lst', 'b')).toEqual({ answer: '' });
    expect([list.of().map(({ key }) => key), list.count]).toEqual([['a'], 2]);
    const outcome = run('commit', '@1', 'a.lst');
    expect(outcome).toMatchObject({ commit: 1, patterns: [{ key: 'b' }] });
    list.commit(1);
    expect([list.of().map(({ key }) => key), list.current, list.count]).toEqual([['b'], 1, 1]);
    const [pattern] = list.of();
    expect(run('del', 'a.lst', `#${pattern?.reference ?? ''}`)).toMatchObject({ patterns: [] });
  });
});

describe('a list without patterns', () => {
  it('is met by nobody, where no list at all would be met by everybody', () => {
    const text = `
frontend web
  bind *:80
  acl bad src -f empty.lst
  http-request deny if bad
  default_backend app
backend app
  server a 192.0.2.1:80
`;
    const { tree, notes } = convertHaproxy(text, 'haproxy.cfg', {}, () => '# nobody\n');
    expect(notes.filter(({ severity }) => severity === 'error')).toEqual([]);
    const [frontend] = tree.root['frontends'] as readonly Record<string, unknown>[];
    expect(frontend?.['rules']).toBeUndefined();
    expect(frontend?.['defaultBackend']).toBe('app');
  });
});
