// The common name of a client's certificate cannot be forged by a comma in another part of its subject.
import { describe, expect, it } from 'vitest';
import { commonNameOf } from '../../../src/proxy/core/tls/facts.ts';

describe('the common name of a subject', () => {
  it.each([
    ['CN=staff', 'staff'],
    ['CN=The Boss,O=Example,C=FR', 'The Boss'],
    ['C=FR,O=Example,CN=last', 'last'],
    ['CN=Doe\\, John,O=Example', 'Doe, John'],
    ['O=Example\\,CN=boss,CN=staff', 'staff'],
    ['O=Example\\\\,CN=boss', 'boss'],
    ['CN=second,O=Example,CN=first', 'first'],
    ['CN=M\\C3\\BCller', 'M\\C3\\BCller'],
    ['O=Example\\,CN=boss', undefined],
    ['OU=x + CN=boss', undefined],
    ['', undefined],
  ])('%s: %s', (subject, name) => {
    expect(commonNameOf(subject)).toBe(name);
  });
});
