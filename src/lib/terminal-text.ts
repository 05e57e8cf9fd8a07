// Texts of hosts and of files, made fit for a reader's terminal: what would move its cursor, rename its window, or turn
// the order of characters around is shown as what it is. Nothing is left out, so that differences stay visible.

/** Control characters other than line feed and tab, and those that change the direction of text. */
const harmful = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** The same text with `\x1b` and the like in place of the characters themselves. */
export function terminalText(text: string): string {
  return text.replace(harmful, (character) => {
    if (character === '\r') return '\\r';
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** All texts within a plain value, keys of maps too. Entries named in `except` stay as they are. */
export function mapTexts<T>(value: T, change: (text: string) => string, except?: readonly string[]): T;
export function mapTexts(value: unknown, change: (text: string) => string, except: readonly string[] = []): unknown {
  const inner = (part: unknown) => mapTexts(part, change, except);
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map(inner);
  if (value instanceof Map) return new Map([...value].map(([key, part]) => [inner(key), inner(part)] as const));
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [change(key), except.includes(key) ? part : inner(part)] as const),
  );
}
