// Encrypted files and values: what Ansible has written is read, what we write comes back, what is wrong is told.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { VezaError } from '../../../src/lib/errors.ts';
import { sealAnsible } from '../../../src/lib/vault/ansible-cipher.ts';
import { isEncrypted, parseEnvelope } from '../../../src/lib/vault/envelope.ts';
import { Keyring } from '../../../src/lib/vault/keyring.ts';
import { secretLines, secretValues } from '../../../src/lib/vault/secret-texts.ts';
import { sealVeza, vezaRandomBytes } from '../../../src/lib/vault/veza-cipher.ts';
import { parseVariableFile } from '../../../src/language/yaml-variables.ts';
import { createScope } from '../../../src/language/scope.ts';

/** Written by ansible-vault 2.14 with the password `pw1`. */
const written11 = `$ANSIBLE_VAULT;1.1;AES256
63303664393734633935383334383464663839326362396631646464343836643062366635646531
3939373934616464333062623334653362646239386336630a663833366530643333626538333162
32643033343461303836323839396232343536363363393166623230323064623139383236333636
6631386434643830620a373934353963323462656335626133343839643636303035316133653966
36356332393239386235616164346133633633306466306532316333633835363035
`;
const written12 = `$ANSIBLE_VAULT;1.2;AES256;dev
33363062306436313666653464303963623733643237393839303938353164323063376133353138
3266306338636466646131363639343834336637336535620a616533356332303532643863356662
30636664346137373632613430396632343033363832353765643339393130653661323162353637
3536333133666239390a393461306234303064643264383435653536303430613166376461633563
3861
`;

const where = { file: 'secret.yml', line: 1, column: 1 };
const random = (bytes: number) => createHash('shake256', { outputLength: bytes }).update('fixed').digest();

function ring(...passwords: readonly (readonly [string, string])[]): Keyring {
  const keyring = new Keyring();
  for (const [vaultId, password] of passwords) keyring.add({ vaultId, password });
  return keyring;
}

function problemOf(run: () => unknown): VezaError {
  try {
    run();
  } catch (error) {
    if (error instanceof VezaError) return error;
  }
  throw new Error('it did not fail');
}

describe('what Ansible has encrypted', () => {
  it('opens with its password, version 1.1 and 1.2', () => {
    const keyring = ring(['default', 'pw1']);
    expect(keyring.open(written11, where, 'yaml').toString()).toBe('db_password: hunter2secret\n');
    expect(keyring.open(written12, where, 'yaml').toString()).toBe('a: 1\n');
    expect(parseEnvelope(written12)).toMatchObject({ value: { vaultId: 'dev', format: 'ansible' } });
  });

  it('opens with indentation and CRLF too', () => {
    const indented = written11.replace(/^/gm, '    ').replaceAll('\n', '\r\n');
    expect(ring(['x', 'pw1']).open(indented, where, 'yaml').toString()).toContain('hunter2secret');
  });
});

describe.each(['ansible', 'veza'] as const)('what we encrypt in the %s format', (format) => {
  const seal = (content: Uint8Array, password: string, vaultId = 'dev') =>
    format === 'ansible'
      ? sealAnsible(content, password, vaultId, random(32))
      : sealVeza(content, password, vaultId, random(vezaRandomBytes));

  it.each([0, 1, 15, 16, 17, 1000])('comes back: %i bytes of any kind', (length) => {
    const content = random(length);
    const text = seal(content, 'päss "word"');
    expect(isEncrypted(text)).toBe(true);
    expect(ring(['dev', 'päss "word"']).open(text, where, 'value').equals(content)).toBe(true);
  });

  it('does not open with another password, and says which were tried', () => {
    const error = problemOf(() => ring(['prod', 'other'], ['test', 'more']).open(seal(random(5), 'pw'), where, 'yaml'));
    expect(error.code).toBe('vault-wrong-password');
    expect(error.message).toBe('no password opens this file: its vault id is "dev", tried were those of prod, test');
    expect(error.where).toEqual(where);
  });

  it('opens with any of several passwords', () => {
    const keyring = ring(['prod', 'other'], ['test', 'pw']);
    expect(keyring.open(seal(Buffer.from('x'), 'pw'), where, 'value').toString()).toBe('x');
  });

  it('opens nothing of which a single character was changed', () => {
    const text = seal(Buffer.from('a content of some length, to be changed'), 'pw');
    const start = text.indexOf('\n') + 1;
    for (let at = start; at < text.length - 4; at += Math.ceil((text.length - start) / 6)) {
      if (text[at] === '\n') continue;
      const changed = `${text.slice(0, at)}${text[at] === '3' ? '4' : '3'}${text.slice(at + 1)}`;
      expect(['vault-wrong-password', 'vault-damaged']).toContain(
        problemOf(() => ring(['dev', 'pw']).open(changed, where, 'yaml')).code,
      );
    }
  });

  it('says so where it is cut off', () => {
    const text = seal(random(10), 'pw');
    const error = problemOf(() => ring(['dev', 'pw']).open(text.slice(0, text.indexOf('\n') + 9), where, 'yaml'));
    expect(error.code).toBe('vault-damaged');
  });
});

describe('the header of our own format', () => {
  const text = sealVeza(Buffer.from('x'), 'pw', 'dev', random(vezaRandomBytes));

  it('is authenticated: another vault id or cheaper parameters open nothing', () => {
    for (const changed of [text.replace(';dev', ';prod'), text.replace('N=32768', 'N=16384')]) {
      expect(problemOf(() => ring(['dev', 'pw']).open(changed, where, 'yaml')).code).toBe('vault-wrong-password');
    }
  });

  it.each([
    'N=1073741824,r=8,p=1',
    'N=3,r=8,p=1',
    'N=32768,r=8,p=99',
    'N=0,r=0,p=0',
    'N=65536,r=1,p=1',
    'N=262144,r=8,p=16',
  ])('cannot ask for what costs too much or makes no sense: %s', (parameters) => {
    const changed = text.replace('N=32768,r=8,p=1', parameters);
    expect(problemOf(() => ring(['dev', 'pw']).open(changed, where, 'yaml')).code).toBe('vault-damaged');
  });

  it.each(['$VEZA_VAULT;2;AES256-GCM;x;dev\nAA==', '$ANSIBLE_VAULT;1.0;AES256\n00', '$ANSIBLE_VAULT;1.1;AES\n00'])(
    'of another version or cipher is told: %s',
    (other) => {
      expect(problemOf(() => ring(['dev', 'pw']).open(other, where, 'yaml')).code).toBe('vault-damaged');
    },
  );
});

describe('without a password', () => {
  it('says what to give, and for which vault id', () => {
    const error = problemOf(() => ring().open(written12, where, 'yaml'));
    expect(error.code).toBe('vault-no-password');
    expect(error.message).toBe('this file is encrypted (vault id "dev"), and there is no password for it');
    expect(error.hint).toContain('--vault-password-file');
  });
});

describe('values with !vault', () => {
  const keyring = ring(['default', 'pw1']);
  const reveal = (text: string) => keyring.open(text, where, 'value').toString();
  const yaml = `a: !vault |\n${written11.replace(/^/gm, '  ')}\nb: !unsafe "{{ x }}"\nc: "{{ a }}"\n`;

  it('are decrypted when they are asked for, and never taken for a template', () => {
    const { variables, diagnostics } = parseVariableFile(yaml, 'v.yml', reveal);
    expect(diagnostics).toEqual([]);
    expect(JSON.stringify(variables.get('a')?.raw)).toContain('$ANSIBLE_VAULT');
    const scope = createScope([{ kind: 'templated', variables }]);
    expect(scope.get('c')).toBe('db_password: hunter2secret\n');
    expect(scope.get('b')).toBe('{{ x }}');
  });

  it('fail only where they are used', () => {
    const { variables, diagnostics } = parseVariableFile(yaml, 'v.yml');
    expect(diagnostics).toEqual([]);
    const scope = createScope([{ kind: 'templated', variables }]);
    expect(problemOf(() => scope.get('c')).code).toBe('vault-no-password');
  });

  it('must be encrypted', () => {
    const { diagnostics } = parseVariableFile('a: !vault plain\n', 'v.yml');
    expect(diagnostics).toMatchObject([{ code: 'vault-damaged', where: { line: 1, column: 11 } }]);
  });
});

describe('secrets of what was opened', () => {
  it('are told, also to those who listen later, and each once', () => {
    const keyring = ring(['default', 'pw1']);
    const heard: string[] = [];
    keyring.open(written11, where, 'yaml');
    keyring.onSecret((secret) => heard.push(secret));
    expect(heard).toEqual(['pw1', 'hunter2secret']);
    keyring.open(written11, where, 'yaml');
    expect(heard).toHaveLength(2);
  });

  it('are short values too, without the line feed that a shell put behind them', () => {
    const keyring = ring(['default', 'pw1']);
    const heard: string[] = [];
    keyring.onSecret((secret) => heard.push(secret));
    keyring.open(sealVeza(Buffer.from('abcd\n'), 'pw1', 'default', random(vezaRandomBytes)), where, 'value');
    expect(heard).toContain('abcd');
  });

  it('are all values of variables, but no keys', () => {
    expect(secretValues('user: { name: alice, pin: 123456, on: true }\nlist: [one]\n')).toEqual([
      'alice',
      '123456',
      'one',
    ]);
  });

  it('are of tasks only what is more than a word of the language', () => {
    const tasks = '- name: Write it\n  copy: { dest: /etc/app.key, content: "s3cret-content", state: present }\n';
    expect(secretValues(tasks)).toEqual(['/etc/app.key', 's3cret-content']);
  });

  it('are the lines of other files, and the values in them', () => {
    expect(secretLines('DB_PASSWORD="hunter22"\nhost={{ h }} token-123\n\nx\n')).toEqual(
      expect.arrayContaining(['DB_PASSWORD="hunter22"', 'hunter22', 'token-123']),
    );
  });
});
