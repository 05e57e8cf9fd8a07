// When a log file is put aside, under which name, and which of those that were put aside go: decisions only.

export interface RotationConfig {
  /** Put aside when it is as large as this. */
  readonly sizeBytes: number;
  /** Put aside when it was begun so long ago; undefined: never for that. */
  readonly everyMs: number | undefined;
  /** So many old files stay. */
  readonly keep: number;
  /** Old files go when they were put aside so long ago; undefined: never for that. */
  readonly maxAgeMs: number | undefined;
  readonly compress: boolean;
}

/** What is known of a log file. */
export interface LogFileFacts {
  readonly sizeBytes: number;
  /** When it was begun, in epoch milliseconds. */
  readonly begunMs: number;
}

/** An empty file is never put aside. */
export function isRotationDue({ sizeBytes, begunMs }: LogFileFacts, config: RotationConfig, nowMs: number): boolean {
  if (sizeBytes === 0) return false;
  return sizeBytes >= config.sizeBytes || nowMs - begunMs >= (config.everyMs ?? Infinity);
}

/** `access.log-20261121-163015` in UTC; with a number behind it where that is taken already. */
export function rotatedName(name: string, nowMs: number, taken: ReadonlySet<string>): string {
  const iso = new Date(nowMs).toISOString();
  const base = `${name}-${iso.slice(0, 10).replaceAll('-', '')}-${iso.slice(11, 19).replaceAll(':', '')}`;
  for (let count = 0; ; count += 1) {
    const candidate = count === 0 ? base : `${base}-${count}`;
    if (!taken.has(candidate) && !taken.has(`${candidate}.gz`)) return candidate;
  }
}

export interface RotatedFile {
  readonly file: string;
  readonly atMs: number;
  readonly count: number;
  readonly isCompressed: boolean;
}

/** Those among the files of a folder that were put aside from `name`, the newest first. */
export function rotatedFiles(name: string, files: readonly string[]): readonly RotatedFile[] {
  const found = files.flatMap((file): RotatedFile[] => {
    if (!file.startsWith(`${name}-`)) return [];
    const match = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)(?:-(\d+))?(\.gz)?$/.exec(file.slice(name.length + 1));
    if (!match) return [];
    const [, year, month, day, hour, minute, second, count = '0', ending] = match;
    const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    return Number.isNaN(atMs) ? [] : [{ file, atMs, count: Number(count), isCompressed: ending !== undefined }];
  });
  return found.toSorted((one, other) => other.atMs - one.atMs || other.count - one.count);
}

/** Those that go: beyond the number that is kept, or too old. */
export function surplusFiles(
  found: readonly RotatedFile[],
  { keep, maxAgeMs }: RotationConfig,
  nowMs: number,
): readonly string[] {
  return found
    .filter(({ atMs }, index) => index >= keep || nowMs - atMs >= (maxAgeMs ?? Infinity))
    .map(({ file }) => file);
}
