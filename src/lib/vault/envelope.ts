// The outside of encrypted files: a first line that names format and vault id, then text. No cryptography here.

export type VaultFormat = 'veza' | 'ansible';

/** An encrypted file or value, taken apart as far as that needs no password. */
export interface Envelope {
  readonly format: VaultFormat;
  /** The first line as written, without the line feed: authenticated by our own format. */
  readonly header: string;
  /** `default` where the header names none (Ansible 1.1). */
  readonly vaultId: string;
  /** Our own format: the parameters of scrypt, as written. */
  readonly parameters: string;
  /** All further lines, joined. */
  readonly body: string;
}

export type Opened<T> = { readonly value: T } | { readonly problem: string };

const marks = { ansible: '$ANSIBLE_VAULT;', veza: '$VEZA_VAULT;' } as const;

/** Whether a text (or the first bytes of a file) is encrypted. */
export function isEncrypted(text: string): boolean {
  return text.startsWith(marks.ansible) || text.startsWith(marks.veza);
}

/** Bytes to read of a file to tell whether it is encrypted. */
export const markBytes = Math.max(marks.ansible.length, marks.veza.length);

/** Reads the header; indentation of lines is no part of them. */
export function parseEnvelope(text: string): Opened<Envelope> {
  const [header = '', ...lines] = text
    .trim()
    .split('\n')
    .map((line) => line.trim());
  const body = lines.join('');
  const words = header.split(';');
  if (header.startsWith(marks.ansible)) return ansibleEnvelope(header, words, body);
  if (!header.startsWith(marks.veza)) return { problem: 'its first line is no header of an encrypted file' };
  const [, version = '', cipher = '', parameters = '', vaultId = ''] = words;
  if (version !== '1' || cipher !== 'AES256-GCM' || words.length !== 5)
    return { problem: `its format "${header}" is not known here` };
  return { value: { format: 'veza', header, vaultId, parameters, body } };
}

function ansibleEnvelope(header: string, words: readonly string[], body: string): Opened<Envelope> {
  const [, version = '', cipher = '', vaultId = 'default'] = words;
  if (cipher !== 'AES256') return { problem: `its cipher "${cipher}" is not supported: only AES256 is` };
  if (version !== '1.1' && version !== '1.2') return { problem: `its version "${version}" is not supported` };
  return { value: { format: 'ansible', header, vaultId, parameters: '', body } };
}

/** The first line of a file in our own format. */
export function vezaHeader(parameters: string, vaultId: string): string {
  return `${marks.veza}1;AES256-GCM;${parameters};${vaultId}`;
}

/** The first line of a file in Ansible's format: 1.1 where there is no vault id of its own. */
export function ansibleHeader(vaultId: string): string {
  return vaultId === 'default' ? `${marks.ansible}1.1;AES256` : `${marks.ansible}1.2;AES256;${vaultId}`;
}

/** Header and body as a file: lines of 80 characters. */
export function formatEnvelope(header: string, body: string): string {
  return `${[header, ...(body.match(/.{1,80}/g) ?? [])].join('\n')}\n`;
}
