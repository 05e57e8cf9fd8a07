// Every limit of the program with its reason. Units are in the names.

export const limits = {
  /** Text diffs beyond this are summed up: Ansible's max_diff_size. */
  diffBytes: 104_448,
  /** Lines around a change in a diff: Ansible's and diff -u's default. */
  diffContextLines: 3,
  /** Output of one step kept in memory; the rest is counted and dropped. */
  stepOutputBytes: 4 * 1024 * 1024,
  /** Bodies above this go over a channel of their own: shells parse slowly (bash about 4 MB/s). */
  inlineContentBytes: 128 * 1024,
  /** A file template or variable file larger than this is a mistake. */
  sourceFileBytes: 16 * 1024 * 1024,
  /** Values of one YAML file, aliases counted as often as they are used: a few lines can stand for billions. */
  yamlNodes: 2_000_000,
  /** Files and roles within each other: more is an include that includes itself without end. */
  includeDepth: 100,
  /** Hosts that one name with ranges may stand for: more is a slip of the finger. */
  inventoryHosts: 100_000,
  /** Connect and log in: Ansible's default timeout. */
  connectTimeoutMs: 10_000,
  /** Keep-alive probes on a quiet connection; two missed close it. */
  keepaliveIntervalMs: 15_000,
  /** One probe script; far above any measured one (100 files: 13 ms). */
  probeTimeoutMs: 60_000,
  /** One step of an apply, unless the task says `timeout`. A package download can be slow. */
  stepTimeoutMs: 30 * 60_000,
  /** Attempts to connect to a host before it counts as unreachable, and the first pause between two. */
  connectAttempts: 3,
  connectRetryDelayMs: 250,
  /** Hosts worked on at once when --forks is not given: one process serves 100 connections in 65 MB. */
  forks: 50,
  /** New connections under way at once to one address: below sshd's MaxStartups 10:30:100. */
  connectsPerAddress: 8,
  /** Work of one evaluation of a template: stops endless loops in templates. */
  evaluationSteps: 1_000_000,
  evaluationDepth: 200,
  /** Templates that include or extend each other: real ones do so three or four deep. */
  templateDepth: 50,
  /** One expression: far above what anyone writes by hand. */
  expressionLength: 65_536,
  /** A text made by an expression or a template: far above any configuration file, far below what exhausts memory. */
  evaluatedTextLength: 16 * 1024 * 1024,
  /** Regular expressions run without a clock, so what goes in is bounded. */
  regexPatternLength: 4096,
  regexSubjectLength: 1024 * 1024,
} as const;
