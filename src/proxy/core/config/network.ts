// Addresses and CIDR ranges in configuration files: told apart from text that only looks like one, since a range that
// cannot exist would stop a worker. Pure, hence not node:net.

/** Whether the text is an IPv4 or IPv6 address, or a range of them with a prefix length that exists. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  if (rest.length > 0) return false;
  const widest = isIpv4(address) ? 32 : isIpv6(address) ? 128 : -1;
  return widest >= 0 && (bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= widest));
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
}

/** Eight groups, `::` once for the missing ones, an IPv4 address for the last two. */
function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1)?.at(-1) ?? '';
  const tail = last.includes('.') ? 1 : 0;
  if (tail === 1 && !isIpv4(last)) return false;
  const words = groups.flat();
  if (!words.slice(0, words.length - tail).every((word) => /^[0-9A-Fa-f]{1,4}$/.test(word))) return false;
  const count = words.length + tail;
  return halves.length === 2 ? count <= 7 : count === 8;
}
