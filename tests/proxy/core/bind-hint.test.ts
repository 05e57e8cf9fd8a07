// What is said of an address that cannot be listened on.
import { describe, expect, it } from 'vitest';
import { bindHint } from '../../../src/proxy/server/bind-hint.ts';
import { parseBind } from '../../../src/proxy/core/config/bind.ts';

describe('an address that cannot be listened on', () => {
  it.each([
    ['unix:/none/x.sock', 'EACCES', 'Its folder must exist'],
    ['unix:/etc/passwd', 'EADDRINUSE', 'choose another path'],
    ['*:80', 'EACCES', 'CAP_NET_BIND_SERVICE'],
    ['*:80', 'EADDRINUSE', 'ss -ltnp'],
    ['192.0.2.1:80', 'EADDRNOTAVAIL', 'Does this host have that address?'],
  ])('%s, %s', (address, code, hint) => {
    const bind = parseBind(address);
    expect(bind && bindHint(bind, code)).toContain(hint);
  });
});
