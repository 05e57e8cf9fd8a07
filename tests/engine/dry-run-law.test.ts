// The law of dry runs, over playbooks that nobody wrote: what is foreseen is what the run then does, task by task;
// and what was reached stays reached.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Workspace } from './support/harness.ts';

const path = fc.constantFrom('a', 'b', 'd', 'd/x', 'd/e', 'd/e/y');
const mode = fc.constantFrom('0600', '0644', '0700', '0755');
const at = (name: string) => `{{ root }}/${name}`;
const task = fc.oneof(
  fc
    .record({ path, content: fc.constantFrom('one', 'two'), mode })
    .map((one) => ({ copy: { dest: at(one.path), content: one.content, mode: one.mode } })),
  fc
    .record({ path, content: fc.constantFrom('one', 'two') })
    .map((one) => ({ copy: { dest: at(one.path), content: one.content } })),
  fc.record({ path, mode }).map((one) => ({ file: { path: at(one.path), state: 'directory', mode: one.mode } })),
  path.map((one) => ({ file: { path: at(one), state: 'absent' } })),
  fc.record({ path, mode }).map((one) => ({ file: { path: at(one.path), mode: one.mode } })),
  fc
    .record({ path: fc.constantFrom('l', 'd/l'), src: path })
    .map((one) => ({ file: { path: at(one.path), src: at(one.src), state: 'link', force: true } })),
  // Guards are looked at on the host: here they depend on nothing else.
  fc.constantFrom('made', 'made-too').map((one) => ({ shell: { cmd: `touch ${at(one)} || true`, creates: at(one) } })),
);
/** Conditions on what was registered make later tasks depend on earlier ones. */
const step = fc.record({
  task,
  when: fc.constantFrom('true', 'before.changed', 'not before.changed', 'seen.stat.exists'),
});
const playbook = fc
  .array(step, { minLength: 1, maxLength: 8 })
  .map((steps) =>
    [
      '- { name: seen, stat: { path: "{{ root }}/d/x" }, register: seen }',
      '- { name: before, stat: { path: "{{ root }}/a" }, register: before }',
      ...steps.map(({ task: call, when }, index) =>
        JSON.stringify({ name: `step ${index}`, ...call, when, register: 'before' }).replace(/^/, '- '),
      ),
      '- { name: look, stat: { path: "{{ root }}/d/x" }, register: seen }',
      '- { name: after, debug: { msg: "{{ seen.stat.exists }}" } }',
    ].join('\n'),
  );

describe('a dry run', () => {
  it('foresees what the run does', async () => {
    await fc.assert(
      fc.asyncProperty(playbook, async (yaml) => {
        using host = new Workspace();
        host.write('d/x', 'old');
        const dry = await host.run(yaml, { check: true });
        // After a command, a dry run only assumes.
        const known = dry.results.findIndex(({ assuming }) => assuming !== undefined);
        const run = await host.run(yaml);
        const certain = known === -1 ? dry.results.length : known;
        expect(dry.statuses().slice(0, certain)).toEqual(run.statuses().slice(0, certain));
        if (known === -1) expect(dry.totals).toEqual(run.totals);
      }),
      { numRuns: Number(process.env['VEZA_LAW_RUNS'] ?? 8), seed: Number(process.env['VEZA_LAW_SEED'] ?? 1) },
    );
  });
});
