// Networks as people write them: 10.0.0.0/16.
import { isIP } from 'node:net';

/** What is wrong with a network in CIDR form; null if nothing is. */
export function cidrProblem(cidr: string): string | null {
  const [base = '', bits, more] = cidr.split('/');
  if (bits === undefined || more !== undefined) return 'it needs an address, "/" and a number of bits';
  const version = isIP(base);
  if (version === 0) return `"${base}" is no IP address`;
  const most = version === 4 ? 32 : 128;
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > most) return `"/${bits}" is not a number of bits from 0 to ${most}`;
  if (version === 4 && hostBits(base, Number(bits)) !== 0) return `"${base}" has bits set beyond the first ${bits}`;
  return null;
}

function hostBits(address: string, bits: number): number {
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return value % 2 ** (32 - bits);
}
