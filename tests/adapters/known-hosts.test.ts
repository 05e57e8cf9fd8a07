// known_hosts: what matches, what is trusted, and that nothing doubtful is.
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendKnownHost, readKnownHosts } from '../../src/adapters/ssh/known-hosts-file.ts';
import {
  fingerprint,
  judgeHostKey,
  knownHostLine,
  knownHostName,
  knownKeyTypes,
  parseKnownHosts,
} from '../../src/adapters/ssh/known-hosts.ts';

/** A blob of the right shape: judging compares bytes and does no cryptography. */
function blobOf(type: string, seed: number): Buffer {
  const name = Buffer.from(type);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(name.length);
  return Buffer.concat([length, name, Buffer.alloc(36, seed)]);
}

const ed = blobOf('ssh-ed25519', 1);
const otherEd = blobOf('ssh-ed25519', 2);
const rsa = blobOf('ssh-rsa', 3);
const line = (names: string, blob: Buffer, marker = '') => `${marker}${knownHostLine(names, blob)}`;

function hashed(name: string): string {
  const salt = Buffer.from('0123456789abcdefghij');
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

function judge(text: string, address: string, port: number, blob: Buffer): string {
  const { entries, malformed } = parseKnownHosts(text, 'file');
  expect(malformed).toEqual([]);
  return judgeHostKey(entries, knownHostName(address, port), blob).kind;
}

describe('judging a host key', () => {
  it.each([
    ['the plain name', line('web', ed), 'web', 22, ed, 'known'],
    ['a name in a list', line('a,web,10.0.0.1', ed), '10.0.0.1', 22, ed, 'known'],
    ['upper case', line('Web.Example', ed), 'wEB.example', 22, ed, 'known'],
    ['a comment after the key', `${line('web', ed)} root@web`, 'web', 22, ed, 'known'],
    ['another name', line('db', ed), 'web', 22, ed, 'unknown'],
    ['a part of the name', line('we', ed), 'web', 22, ed, 'unknown'],
    ['nothing', '# comment\n\n', 'web', 22, ed, 'unknown'],
    ['a hashed name', line(hashed('web'), ed), 'web', 22, ed, 'known'],
    ['another hashed name', line(hashed('db'), ed), 'web', 22, ed, 'unknown'],
    ['a hashed name with port', line(hashed('[web]:2222'), ed), 'web', 2222, ed, 'known'],
    ['a hashed name, another key', line(hashed('web'), otherEd), 'web', 22, ed, 'changed'],
    ['a port', line('[web]:2222', ed), 'web', 2222, ed, 'known'],
    ['another port', line('[web]:2222', ed), 'web', 22, ed, 'unknown'],
    ['port 22 only', line('web', ed), 'web', 2222, ed, 'unknown'],
    ['an IPv6 address', line('fe80::1', ed), 'FE80::1', 22, ed, 'known'],
    ['an IPv6 address with port', line('[fe80::1]:2222', ed), 'fe80::1', 2222, ed, 'known'],
    ['a star', line('*.example', ed), 'web.example', 22, ed, 'known'],
    ['a star that does not match', line('*.example', ed), 'example', 22, ed, 'unknown'],
    ['a dot that is no wildcard', line('a.b', ed), 'axb', 22, ed, 'unknown'],
    ['a question mark', line('web?', ed), 'web1', 22, ed, 'known'],
    ['a negation', line('*.example,!web.example', ed), 'web.example', 22, ed, 'unknown'],
    ['a negation of others', line('*.example,!db.example', ed), 'web.example', 22, ed, 'known'],
    ['a negation alone', line('!db', ed), 'web', 22, ed, 'unknown'],
    ['a changed key', line('web', otherEd), 'web', 22, ed, 'changed'],
    ['a changed key and the right one', `${line('web', otherEd)}\n${line('web', ed)}`, 'web', 22, ed, 'known'],
    ['a key of another type only', line('web', rsa), 'web', 22, ed, 'changed'],
    ['several types', `${line('web', rsa)}\n${line('web', ed)}`, 'web', 22, ed, 'known'],
    ['a revoked key', line('web', ed, '@revoked '), 'web', 22, ed, 'revoked'],
    [
      'a revoked key that is also listed',
      `${line('web', ed)}\n${line('*', ed, '@revoked ')}`,
      'web',
      22,
      ed,
      'revoked',
    ],
    ['another key revoked', `${line('web', ed)}\n${line('web', otherEd, '@revoked ')}`, 'web', 22, ed, 'known'],
    ['a certificate authority', line('*', otherEd, '@cert-authority '), 'web', 22, ed, 'certified'],
    ['the key of the authority itself', line('*', ed, '@cert-authority '), 'web', 22, ed, 'certified'],
    [
      'an authority and the plain key',
      `${line('*', otherEd, '@cert-authority ')}\n${line('web', ed)}`,
      'web',
      22,
      ed,
      'known',
    ],
  ])('knows %s', (_case, text, address, port, blob, expected) => {
    expect(judge(text, address, port, blob)).toBe(expected);
  });

  it('lists the known types', () => {
    const { entries } = parseKnownHosts(`${line('web', rsa)}\n${line('db', ed)}`, 'file');
    expect(knownKeyTypes(entries, 'web')).toEqual(['ssh-rsa']);
  });

  it('prints fingerprints like ssh-keygen', () => {
    expect(fingerprint(ed)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  });
});

describe('malformed lines', () => {
  it.each([
    ['web', 'expected: names, key type, key'],
    ['web ssh-ed25519', 'expected: names, key type, key'],
    [`@unknown ${line('web', ed)}`, 'unknown marker @unknown'],
    ['web ssh-ed25519 !!!', 'the key is not base64'],
    [`web ssh-rsa ${ed.toString('base64')}`, 'the key is not of type ssh-rsa'],
    [`web ssh-ed25519 AAAA`, 'the key is not of type ssh-ed25519'],
    [`|1|broken ssh-ed25519 ${ed.toString('base64')}`, 'malformed hashed name'],
    [`|2|YQ==|YQ== ssh-ed25519 ${ed.toString('base64')}`, 'malformed hashed name'],
  ])('reports %s', (text, problem) => {
    expect(parseKnownHosts(`# first\n${text}\n`, 'file').malformed).toEqual([{ file: 'file', line: 2, problem }]);
  });
});

describe('the file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'veza-known-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is empty when missing', async () => {
    expect(await readKnownHosts(join(folder, 'no'))).toEqual([]);
  });

  it('fails closed when it is malformed or cannot be read', async () => {
    const file = join(folder, 'bad');
    writeFileSync(file, `${line('db', ed)}\nnonsense\n`);
    await expect(readKnownHosts(file)).rejects.toMatchObject({
      code: 'known-hosts-invalid',
      where: { file, line: 2, column: 1 },
    });
    await expect(readKnownHosts(folder)).rejects.toMatchObject({ code: 'known-hosts-invalid' });
  });

  it('is created for the user alone, and never torn by parallel writers', async () => {
    const file = join(folder, 'new', 'known_hosts');
    const names = [...Array(20).keys()].map((index) => `host${index}`);
    await Promise.all(names.map((name) => appendKnownHost(file, line(name, ed), () => false)));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o700);
    const entries = await readKnownHosts(file);
    expect(entries.map((entry) => entry.names).sort()).toEqual([...names].sort());
  });

  it('gets a line only once, and ends the line before it', async () => {
    const file = join(folder, 'known_hosts');
    writeFileSync(file, line('db', ed));
    const add = () => appendKnownHost(file, line('web', ed), (now) => judgeHostKey(now, 'web', ed).kind === 'known');
    await Promise.all([add(), add(), add()]);
    expect(readFileSync(file, 'utf8')).toBe(`${line('db', ed)}\n${line('web', ed)}\n`);
  });
});
