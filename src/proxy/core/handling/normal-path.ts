// The path that rules compare: as servers will understand it, so that `/./admin` and `/%61dmin` do not go past a rule
// for `/admin`. What is forwarded stays as it came.

/** Escapes of characters that need none are undone, dot segments are resolved (RFC 3986, 6.2.2). */
export function normalPath(path: string): string {
  if (!path.includes('%') && !path.includes('/.') && !path.includes('//')) return path;
  const decoded = path.replaceAll(/%([0-9A-Fa-f]{2})/g, (whole, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : whole.toUpperCase();
  });
  if (!decoded.includes('/.') && !decoded.includes('//')) return decoded;
  const segments: string[] = [];
  const parts = decoded.split('/').slice(1);
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    if (part === '..') segments.pop();
    else if (part !== '.' && (part !== '' || last)) segments.push(part);
    if (last && (part === '.' || part === '..')) segments.push('');
  }
  return `/${segments.join('/')}`;
}
