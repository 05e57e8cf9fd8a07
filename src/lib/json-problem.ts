// Where a text stops being JSON, and why: JSON.parse does not always say the place, and YAML's parser forgives.

export interface JsonProblem {
  readonly offset: number;
  readonly message: string;
}

/** What may come next. */
type Next = 'value' | 'first item' | 'first key' | 'key' | 'colon' | 'more' | 'end';

const blank = /[ \t\n\r]*/y;
// JSON.parse refuses control characters in texts, too.
const token =
  // eslint-disable-next-line no-control-regex
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null|[[\]{},:]/y;

/** The first place that is no JSON; undefined if all of it is. A byte order mark at the start is let pass. */
export function jsonProblem(text: string): JsonProblem | undefined {
  const open: ('{' | '[')[] = [];
  let next: Next = 'value';
  let offset = text.startsWith('\ufeff') ? 1 : 0;
  let commaAt = -1;
  for (;;) {
    offset = endOf(blank, text, offset) ?? offset;
    const end = endOf(token, text, offset);
    const found = end === undefined ? '' : text.slice(offset, end);
    if (found === '' && offset === text.length && next === 'end') return undefined;
    const after: Next | undefined = end === undefined ? undefined : step(next, found, open);
    if (end === undefined || after === undefined) {
      const isLoose = commaAt >= 0 && (found === '}' || found === ']');
      return isLoose
        ? { offset: commaAt, message: 'nothing follows this comma' }
        : { offset, message: reason(next, text.slice(offset, offset + 2), open.at(-1)) };
    }
    commaAt = found === ',' ? offset : -1;
    next = after;
    offset = end;
  }
}

/** What may come after a token; undefined if it may not stand there. */
function step(next: Next, found: string, open: ('{' | '[')[]): Next | undefined {
  const inner = open.at(-1);
  const closes = (found === '}' && inner === '{') || (found === ']' && inner === '[');
  if (closes && (next === 'more' || next === 'first key' || next === 'first item')) {
    open.pop();
    return open.length === 0 ? 'end' : 'more';
  }
  if (next === 'colon') return found === ':' ? 'value' : undefined;
  if (next === 'more') return found === ',' ? (inner === '{' ? 'key' : 'value') : undefined;
  if (next === 'key' || next === 'first key') return found.startsWith('"') ? 'colon' : undefined;
  if (next === 'end' || '}],:'.includes(found)) return undefined;
  if (found !== '{' && found !== '[') return inner === undefined ? 'end' : 'more';
  open.push(found);
  return found === '{' ? 'first key' : 'first item';
}

function reason(next: Next, found: string, inner: '{' | '[' | undefined): string {
  if (found === '//' || found === '/*' || found.startsWith('#')) return 'JSON has no comments';
  if (found.startsWith("'")) return 'JSON has double quotes only';
  switch (next) {
    case 'value':
    case 'first item':
      return found === '' ? 'the file ends where a value is missing' : 'this is no value of JSON';
    case 'key':
    case 'first key':
      return 'a key in double quotes is missing here';
    case 'colon':
      return '`:` is missing here';
    case 'more':
      return `\`,\` or \`${inner === '{' ? '}' : ']'}\` is missing here`;
    case 'end':
      return 'something follows the end';
    default:
      return next satisfies never;
  }
}

function endOf(pattern: RegExp, text: string, offset: number): number | undefined {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
