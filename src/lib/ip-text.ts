// Addresses as people write them.

/** Sixteen bytes as RFC 5952 has them: the longest run of zeros left out. */
export function ipv6Text(bytes: readonly number[]): string {
  const groups: string[] = [];
  for (let index = 0; index < 16; index += 2) {
    groups.push((((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0)).toString(16));
  }
  const full = groups.join(':');
  const runs = [...full.matchAll(/(?<![\w])0(?::0)+(?![\w])/g)];
  const longest = runs.toSorted((left, right) => right[0].length - left[0].length)[0];
  if (!longest) return full;
  const before = full.slice(0, longest.index).replace(/:$/, '');
  const after = full.slice(longest.index + longest[0].length).replace(/^:/, '');
  return `${before}::${after}`;
}

/** The number of a dotted address, or NaN. */
export function ipv4Number(text: string): number {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return Number.NaN;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

export function ipv4Text(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

/** The number of the netmask of a prefix length. */
export function ipv4Mask(prefix: number): number {
  return 2 ** 32 - 2 ** (32 - prefix);
}
