// What people see of a run: one golden file a story.
import { join } from 'node:path';
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import type { TaskInfo } from '../../src/engine/events.ts';
import { expectGolden } from '../support/golden.ts';
import { done, item, play, task, told, totals, where } from './support/pretty.ts';

const golden = (name: string, text: string) =>
  expectGolden(join(import.meta.dirname, 'golden', `${name}.golden.txt`), text);

describe('the report for people', () => {
  it('tells every outcome, hosts alike on one line, and the recap', () => {
    const [write, look, ask, run, last] = [1, 2, 3, 4, 5].map((id) => task(id, `Task ${id}`)) as [
      TaskInfo,
      TaskInfo,
      TaskInfo,
      TaskInfo,
      TaskInfo,
    ];
    const hosts = ['web-1', 'web-2', 'db-1'];
    golden(
      'outcomes',
      told([
        ...play(
          hosts,
          [write, look, ask, run, last],
          [
            ...hosts.map((host) =>
              done(host, write, { status: 'changed', changes: [{ key: 'file:/etc/app', action: 'create' }] }),
            ),
            done('web-1', look),
            done('web-2', look, { status: 'skipped' }),
            done('db-1', look),
            ...hosts.map((host) => done(host, ask, { status: 'unknown', message: 'depends on "Build"' })),
            done('web-1', run, {
              status: 'failed',
              message: 'exit code 1: no',
              hint: 'try again',
              where,
              output: { exitCode: 1, stdout: 'half\ndone\n', stderr: 'no\n' },
            }),
            done('web-2', run, { status: 'failed', ignored: true, message: 'exit code 1' }),
            done(
              'db-1',
              { ...task(0, 'Connect'), module: 'connect' },
              { status: 'unreachable', message: 'connection refused', hint: 'Is sshd running there?' },
            ),
            done('web-2', last, { shown: 'a message' }),
          ],
        ),
        { type: 'warning', message: 'something odd' },
        {
          type: 'run-end',
          hosts: new Map([
            ['web-1', { ...totals, ok: 2, changed: 1, failed: 1, unknown: 1 }],
            ['web-2', { ...totals, ok: 3, changed: 1, skipped: 1, ignored: 1, unknown: 1 }],
            ['db-1', { ...totals, ok: 2, changed: 1, unreachable: 1, unknown: 1 }],
          ]),
          roundTrips: new Map([
            ['web-1', 2],
            ['web-2', 3],
            ['db-1', 1],
          ]),
          durationMs: 1234,
        },
      ]),
    );
  });

  it('shows differences in a dry run, and what it assumes', () => {
    const [config, user, command] = [1, 2, 3].map((id) => task(id, `Task ${id}`)) as [TaskInfo, TaskInfo, TaskInfo];
    golden(
      'differences',
      told(
        [
          ...play(
            ['web-1'],
            [config, user, command],
            [
              done('web-1', config, {
                status: 'changed',
                changes: [
                  {
                    key: 'file:/etc/app.conf',
                    action: 'update',
                    diff: {
                      attributes: [{ name: 'mode', before: '0644', after: '0600' }],
                      text: { path: '/etc/app.conf', before: 'a\nb\nc\n', after: 'a\nB\nc\n' },
                    },
                  },
                  {
                    key: 'file:/etc/old',
                    action: 'delete',
                    diff: { attributes: [{ name: 'type', before: 'file', after: undefined }] },
                  },
                ],
              }),
              done('web-1', user, {
                status: 'changed',
                assuming: 'Build',
                changes: [
                  {
                    key: 'user:app',
                    action: 'create',
                    diff: {
                      attributes: [
                        { name: 'groups', before: undefined, after: ['a', 'b'] },
                        { name: 'password', before: undefined, after: 'x', secret: true },
                      ],
                    },
                  },
                ],
              }),
              done('web-1', command, {
                status: 'changed',
                assuming: 'Build',
                changes: [
                  { key: 'run:make install #0123456789abcdef', action: 'run' },
                  {
                    key: 'file:/bin/tool',
                    action: 'update',
                    diff: { attributes: [], text: { path: '/bin/tool', before: null, after: null, note: 'binary' } },
                  },
                ],
              }),
            ],
          ),
          {
            type: 'run-end',
            hosts: new Map([['web-1', { ...totals, ok: 3, changed: 3 }]]),
            roundTrips: new Map([['web-1', 1]]),
            durationMs: 0,
          },
        ],
        { diff: true, checkMode: true },
      ),
    );
  });

  it('tells items one by one, in the order of the loop, whatever host was faster', () => {
    const write = task(1, 'Write');
    golden(
      'items',
      told(
        play(
          ['web-1', 'web-2'],
          [write],
          [
            item('web-2', write, { item: 'a', status: 'changed' }),
            item('web-2', write, { item: 'b', status: 'failed', message: 'no space' }),
            done('web-2', write, { status: 'failed', message: 'one or more items failed' }),
            item('web-1', write, { item: 'a', status: 'changed' }),
            item('web-1', write, { item: 'b' }),
            done('web-1', write, { status: 'changed' }),
          ],
        ),
      ),
    );
  });

  it('tells a task when all hosts are past it, in the order of the playbook', () => {
    const [first, second] = [task(1, 'First'), task(2, 'Second')];
    const text = told(
      play(
        ['web-1', 'web-2'],
        [first, second],
        [
          done('web-2', first),
          done('web-2', second),
          done('web-1', first, { status: 'changed' }),
          done('web-1', second),
        ],
      ),
    );
    expect(text.match(/(?:TASK|ok|changed).*/g)).toEqual([
      'TASK [First]',
      'changed: [web-1]',
      'ok: [web-2]',
      'TASK [Second]',
      'ok: [web-1, web-2]',
    ]);
  });

  it('tells handlers where they ran, each time, and what came after them', () => {
    const [first, second] = [task(1, 'First'), task(2, 'Second')];
    const handler = task(9, 'Restart', true);
    for (const hosts of [['web-1'], ['web-1', 'web-2']]) {
      const of = (info: TaskInfo) => hosts.map((host) => done(host, info, { status: 'changed' }));
      const text = told(play(hosts, [first, second], [...of(first), ...of(handler), ...of(second), ...of(handler)]));
      expect(text.match(/(?:TASK|HANDLER) .*/g)).toEqual([
        'TASK [First]',
        'HANDLER [Restart]',
        'TASK [Second]',
        'HANDLER [Restart]',
      ]);
    }
  });

  it('hides secrets, in differences and messages too', () => {
    const secret = "it's a 'secret'";
    const write = task(1, 'Write');
    const text = told(
      play(
        ['web-1'],
        [write],
        [
          done('web-1', write, {
            status: 'changed',
            message: `wrote ${secret}`,
            changes: [
              {
                key: 'file:/x',
                action: 'create',
                diff: {
                  attributes: [{ name: 'value', before: null, after: [secret] }],
                  text: { path: '/x', before: null, after: `key=${secret}\n` },
                },
              },
            ],
          }),
        ],
      ),
      { diff: true, secrets: [secret] },
    );
    expect(text).not.toContain('secret');
    expect(text).toContain('+key=********');
  });

  it('says so when no host matched', () => {
    expect(told([{ type: 'play-begin', name: 'Site', hosts: [] }])).toContain('no hosts matched');
  });

  it('paints what changed, failed and was fine in colours of their own', () => {
    const write = task(1, 'Write');
    const text = told(
      play(
        ['a', 'b', 'c'],
        [write],
        [done('a', write), done('b', write, { status: 'changed' }), done('c', write, { status: 'failed' })],
      ),
      { colors: true },
    );
    expect(text).toContain(pc.createColors(true).green('ok: [a]'));
    expect(text).toContain(pc.createColors(true).yellow('changed: [b]'));
    expect(text).toContain(pc.createColors(true).red('fatal: [c]'));
  });

  it('hands nothing that a host says to the terminal as it is', () => {
    const write = task(1, 'Write');
    const message = 'red \u001b[31m, title \u001b]0;x\u0007, \u009b2J, back\r, turned \u202e, s3\u0001cret';
    const event = done('a', write, {
      status: 'failed',
      message,
      output: { stdout: '\u001b[2J', stderr: '', exitCode: 1 },
    });
    const text = told(play(['a'], [write], [event]), { verbosity: 1, secrets: ['s3\u0001cret'] });
    expect(text).toContain(String.raw`red \x1b[31m, title \x1b]0;x\x07, \x9b2J, back\r, turned \u202e, ********`);
    expect(text).toContain(String.raw`stdout: \x1b[2J`);
    expect(text).not.toMatch(/(?!\n)\p{Cc}|\u202e/u);
  });
});
