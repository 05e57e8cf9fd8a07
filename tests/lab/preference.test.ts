// Where this process stands among those that share the processors, from what the kernel says; and that it can go first.
import { accessSync, constants, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { goFirst, processorGroupOf } from '../../src/lab/preference.ts';

describe('the group that shares out the processors', () => {
  it('is the only one of a modern machine', () => {
    const mounts = 'cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n';
    const own = '0::/user.slice/user-0.slice/session-1.scope\n';
    expect(processorGroupOf(mounts, own)).toEqual({
      hierarchy: '/sys/fs/cgroup',
      group: '/user.slice/user-0.slice/session-1.scope',
    });
  });

  it.each(['cpu', 'cpu,cpuacct', 'cpuacct,cpu'])("is version 1's %s, not cpuset and not version 2's", (controllers) => {
    const mounts = [
      'cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0',
      'cgroup /sys/fs/cgroup/cpuset cgroup rw,relatime,cpuset 0 0',
      `cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,${controllers} 0 0`,
    ].join('\n');
    const own = `3:cpuset:/a\n2:${controllers}:/b\n1:name=systemd:/c\n0::/d\n`;
    expect(processorGroupOf(mounts, own)).toEqual({ hierarchy: '/sys/fs/cgroup/cpu', group: '/b' });
  });

  it('is none where none is mounted', () => expect(processorGroupOf('proc /proc proc rw 0 0\n', '')).toBeUndefined());

  it('is the same as before after this process went first', async () => {
    const before = readFileSync('/proc/self/cgroup', 'utf8');
    {
      await using _first = await goFirst();
      if (mayMove()) expect(readFileSync('/proc/self/cgroup', 'utf8')).toMatch(/:\/veza-run\.generator$/m);
      else expect(readFileSync('/proc/self/cgroup', 'utf8')).toBe(before);
    }
    expect(readFileSync('/proc/self/cgroup', 'utf8')).toBe(before);
  });
});

function mayMove(): boolean {
  const group = processorGroupOf(readFileSync('/proc/self/mounts', 'utf8'), readFileSync('/proc/self/cgroup', 'utf8'));
  try {
    if (group) accessSync(group.hierarchy, constants.W_OK);
    return group !== undefined;
  } catch {
    return false;
  }
}
