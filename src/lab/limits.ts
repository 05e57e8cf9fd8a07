// The lab's waits and sizes, each with its reason. Units are in the names.

export const labLimits = {
  /** Building the base tree: measured 22 s with a near mirror; a slow one needs patience. */
  buildTimeoutMs: 20 * 60_000,
  /** Another process may be building the same base tree. */
  lockTimeoutMs: 20 * 60_000,
  /** A local command such as `ip` or `mount`: milliseconds when all is well. */
  commandTimeoutMs: 60_000,
  /** From starting a host to a finished boot with sshd: measured 1 s, on a busy machine several. */
  bootTimeoutMs: 60_000,
  bootPollMs: 40,
  /** Killed processes leave within milliseconds, unless the kernel is stuck in I/O. */
  killTimeoutMs: 10_000,
  killPollMs: 10,
  /** A command run inside a host, for tests and failure injection. */
  execTimeoutMs: 5 * 60_000,
  /** Output of one such command that is kept. */
  execOutputBytes: 4 * 1024 * 1024,
  /** The relay of a slow link says where it listens at once, or it is broken. */
  relayStartTimeoutMs: 10_000,
  /** Added to each direction of a slow link. */
  slowDelayMs: 500,
  /** Bytes a slow link holds in one direction before it stops reading. */
  relayBufferBytes: 1024 * 1024,
  /** Size of the file system that stands for a full disk. */
  fullDiskBytes: 64 * 1024,
} as const;
