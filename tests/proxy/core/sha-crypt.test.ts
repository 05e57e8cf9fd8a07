// Passwords as Unix keeps them: examples of the specification, and what openssl makes of others.
import { describe, expect, it } from 'vitest';
import { isPassword } from '../../../src/proxy/core/handling/basic-auth.ts';
import { shaCryptPattern } from '../../../src/proxy/core/handling/sha-crypt.ts';

const examples = [
  ['Hello world!', '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
  [
    'Hello world!',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  ['Hello world!', '$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA'],
  [
    'a very much longer text to encrypt.  This one even stretches over morethan one line.',
    '$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1',
  ],
  ['pässwörd', '$6$a$OKrcUSoIZoiG4funxwR5M0Cdjn4r6bVFeOsvtx043G7n7r8nLbeKuJB5/YRFX2PMrcP/rrx/9NoGI.2s53a92.'],
  [
    'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    '$5$0123456789abcdef$eVnETZ4jnIke0p59B9qL7DvTlLbgjs6kr544tz6ePO7',
  ],
] as const;

describe('a password in SHA-crypt', () => {
  it.each(examples)('%s is that of %s, and no other is', async (password, stored) => {
    expect(stored).toMatch(new RegExp(shaCryptPattern));
    expect(await isPassword(password, stored)).toBe(true);
    expect(await isPassword(`${password}x`, stored)).toBe(false);
    expect(await isPassword(password, stored.slice(0, -1))).toBe(false);
  });

  it.each([
    ['MD5', '$1$saltstri$YMyguxXMBpd2TEZ.vS/3q1'],
    ['too many rounds', examples[2][1].replace('rounds=10000', 'rounds=10000000')],
    ['without a salt', examples[0][1].replace('saltstring', '')],
    ['cut off', examples[1][1].slice(0, -1)],
  ])('%s is not accepted in a file', (_, stored) => {
    expect(stored).not.toMatch(new RegExp(shaCryptPattern));
  });
});
