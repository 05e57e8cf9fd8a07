// What of a configuration, and of the environment that it is filled in from, is secret. Told by names and places: who only
// looks on gets `********` instead.
import { isSecretName, mask, maskedText } from '../logging/entry.ts';
import type { Environment } from './variables.ts';

/** Keys whose values are secret wherever they stand. `send` often begins with a password: of an agent, of Redis. */
const secretKeys: ReadonlySet<string> = new Set(['password', 'secret', 'token', 'send', 'webhook']);
/** In these the names are the user's own. */
const freeKeys: ReadonlySet<string> = new Set(['headers', 'query', 'set', 'add', 'options']);

/** Whether the value of `key` is secret, which stands in the value of `parent`. */
export function isSecretAt(key: string, parent: string, value: unknown): boolean {
  if (secretKeys.has(key) || (key === 'key' && parent === 'jwt')) return true;
  // Of users of the admin interface more is said than the password.
  return parent === 'users' ? typeof value === 'string' : freeKeys.has(parent) && isSecretName(key);
}

/** A copy in which `********` stands for what is secret. `parent`: the key of the value itself. */
export function withoutSecrets(value: unknown, parent = ''): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => withoutSecrets(each, parent));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]: [string, unknown]): [string, unknown] => {
    if (isHidden(value, key, parent, each)) return [key, each === undefined || each === '' ? each : mask];
    return [key, withoutSecrets(each, deeper(key, parent))];
  });
  return Object.fromEntries(entries);
}

/** What is in the options of a plugin are its options at any depth. */
function deeper(key: string, parent: string): string {
  return parent === 'options' ? parent : key;
}

/** The same of an entry of `container`, beside which others may tell: `{ header: Authorization, pattern, to }`. */
function isHidden(container: object, key: string, parent: string, value: unknown): boolean {
  if (isSecretAt(key, parent, value)) return true;
  return (
    key === 'to' && 'header' in container && typeof container.header === 'string' && isSecretName(container.header)
  );
}

/** All texts that are secret in a document. */
export function secretTexts(value: unknown, parent = '', found = new Set<string>()): ReadonlySet<string> {
  if (Array.isArray(value)) for (const each of value as readonly unknown[]) secretTexts(each, parent, found);
  else if (typeof value === 'object' && value !== null)
    for (const [key, each] of Object.entries(value)) {
      if (isHidden(value, key, parent, each)) textsIn(each, found);
      else secretTexts(each, deeper(key, parent), found);
    }
  return found;
}

function textsIn(value: unknown, found: Set<string>): void {
  if (typeof value === 'string') found.add(value);
  else if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) textsIn(each, found);
}

/** What `show env` may tell: what looks secret, or became a secret of the configuration, is hidden. */
export function shownEnvironment(
  environment: Environment,
  { document, texts }: { readonly document: unknown; readonly texts: Iterable<string> },
): readonly (readonly [name: string, value: string])[] {
  const secrets = [...secretTexts(document)];
  const named = new Set([...texts].flatMap(namesInSecretLines));
  return Object.entries(environment).map(([name, value = '']) => {
    const isFilledIn = secrets.some((secret) => secret === value || (value.length > 3 && secret.includes(value)));
    const isSecret = secretVariable.test(name) || isSecretName(name) || named.has(name) || isFilledIn;
    return [name, isSecret && value !== '' ? mask : maskedText(value).replace(userinfo, `$1${mask}@`)] as const;
  });
}

const secretVariable = /(?:^|_)(?:key|pass|auth|dsn|salt|creds?|signature)(?:_|$)/i;
/** `postgres://app:password@db` */
const userinfo = /(:\/\/[^/\s:@]*:)[^@\s]+@/g;

/** Variables in lines that tell of a secret, in whatever format: `user bob insecure-password "${BOB}"`. */
function namesInSecretLines(text: string): readonly string[] {
  const lines = text.split('\n').filter((line) => line.includes('${') && secretLine.test(line));
  return lines.flatMap((line) => [...line.matchAll(/\$\{([A-Z_a-z][A-Z_a-z0-9]*)/g)].map(([, name = '']) => name));
}

const secretLine = /pass(?:word|wd|phrase)|secret|token|authorization|cookie|api[-_]?key|credential|\bauth\b|\bkey\b/i;
