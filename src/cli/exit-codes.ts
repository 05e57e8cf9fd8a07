// The one table of exit codes of veza-run.
export const exitCodes = {
  ok: 0,
  /** Wrong usage, or mistakes in files: nothing was touched. */
  usage: 1,
  /** `--check --detailed-exitcode`: changes are pending. */
  pending: 2,
  taskFailed: 3,
  unreachable: 4,
  /** The time of `--max-time` was over, as timeout(1) says it. */
  outOfTime: 124,
  interrupted: 130,
} as const;
