// What to do about an address that cannot be listened on.
import type { Bind } from '../core/config/model.ts';

/** `code`: of the system's error. */
export function bindHint({ kind }: Bind, code: string | undefined): string {
  if (kind === 'unix') {
    return code === 'EADDRINUSE'
      ? 'Something else is there: choose another path.'
      : 'Its folder must exist, and the user of veza-proxy must be able to write there.';
  }
  switch (code) {
    case 'EADDRINUSE':
      return 'Another process listens there (`ss -ltnp` shows which): choose another address, or stop it.';
    case 'EACCES':
      return 'Ports below 1024 need the capability CAP_NET_BIND_SERVICE or socket activation.';
    default:
      return 'Does this host have that address?';
  }
}
