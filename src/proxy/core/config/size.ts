// Sizes of files as users write them (`100MB`): a unit is 1024 of the one before.

const unitBytes: Readonly<Record<string, number>> = { KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

export const sizePattern = '^[1-9][0-9]*(KB|MB|GB)$';

/** Bytes of a size that the schema has already accepted; throws RangeError for anything else. */
export function sizeBytes(text: string): number {
  const match = /^([1-9][0-9]*)(KB|MB|GB)$/.exec(text);
  const unit = unitBytes[match?.[2] ?? ''];
  if (!match || unit === undefined) throw new RangeError(`not a size: ${text}`);
  return Number(match[1]) * unit;
}
