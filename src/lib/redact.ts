// Keeps secrets out of everything that is shown: tracked by value, in the forms in which they may appear.
import { quote } from './shell.ts';

export interface Redactor {
  /** Values shorter than four characters are ignored: hiding every "a" would hide the output. */
  add(secret: string): void;
  redact(text: string): string;
}

const mask = '********';

export function createRedactor(): Redactor {
  const forms = new Set<string>();
  /** Longest first, so that a secret inside another one leaves nothing of the longer; made when it is needed. */
  let ordered: readonly string[] | null = null;
  return {
    add(secret) {
      if (secret.length < 4) return;
      const base64 = Buffer.from(secret, 'utf8').toString('base64');
      const variants = [secret, JSON.stringify(secret).slice(1, -1), quote(secret), base64, encodeURIComponent(secret)];
      for (const form of variants) forms.add(form);
      ordered = null;
    },
    redact(text) {
      ordered ??= [...forms].toSorted((left, right) => right.length - left.length);
      return ordered.reduce((shown, form) => shown.replaceAll(form, mask), text);
    },
  };
}
