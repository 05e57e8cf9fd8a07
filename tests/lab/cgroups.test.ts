// Which control group hierarchies are used, from what the kernel says is mounted.
import { describe, expect, it } from 'vitest';
import { hierarchiesOf } from '../../src/lab/cgroups.ts';

describe('control group hierarchies', () => {
  it('tracks in the only one of a modern machine', () => {
    expect(hierarchiesOf('cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n')).toEqual(['/sys/fs/cgroup']);
  });

  it("tracks in systemd's own of a version 1 machine, measures in memory and pids, and prefers in cpu", () => {
    const mounts = [
      'cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0',
      'cgroup /sys/fs/cgroup/cpuset cgroup rw,relatime,cpuset 0 0',
      'cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0',
      'cgroup /sys/fs/cgroup/pids cgroup rw,relatime,pids 0 0',
      'cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0',
      'cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0',
    ];
    const [tracking, ...others] = hierarchiesOf(mounts.join('\n'));
    expect(tracking).toBe('/sys/fs/cgroup/systemd');
    expect(others.sort()).toEqual(['cpu', 'memory', 'pids', 'unified'].map((name) => `/sys/fs/cgroup/${name}`));
  });

  it('finds none where none is mounted', () => expect(hierarchiesOf('proc /proc proc rw 0 0\n')).toEqual([]));
});
