// Finds the usual way to write a regular expression that takes exponential time: a repeated group that can
// match the same text in many ways because all it must hold is one repeated thing: `(a+)+`, `(a*)*`, `(\w+,?)*`.

interface Branch {
  /** Parts that must match something. */
  mandatory: number;
  /** How many of those repeat without end. */
  mandatoryRepeated: number;
  /** All that repeat without end. */
  repeated: number;
}

interface Group {
  readonly start: number;
  readonly isLook: boolean;
  readonly branches: Branch[];
}

const atomPattern =
  /\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\(\?(?:P?<[A-Za-z_]\w*>|P=\w+\)|<?[=!]|[a-z-]*:|#[^)]*\))?|[\s\S]/y;
const quantifierPattern = /(?:[*+?]|\{(\d*)(?:(,)(\d*))?\})[?+]?/y;

/** The repeated group that can explode, as written, or null. */
export function explodingPart(pattern: string): string | null {
  const stack: Group[] = [newGroup(0, false)];
  let offset = 0;
  while (offset < pattern.length) {
    atomPattern.lastIndex = offset;
    const atom = atomPattern.exec(pattern)?.[0] ?? '';
    const start = offset;
    offset += atom.length || 1;
    if (atom.startsWith('(') && !atom.endsWith(')')) {
      stack.push(newGroup(start, /[=!]$/.test(atom)));
      continue;
    }
    if (atom === '|') {
      stack.at(-1)?.branches.push(newBranch());
      continue;
    }
    const closed = atom === ')' && stack.length > 1 ? stack.pop() : undefined;
    quantifierPattern.lastIndex = offset;
    const quantifier = quantifierPattern.exec(pattern);
    offset += quantifier?.[0].length ?? 0;
    const repeats = isEndless(quantifier);
    if (closed && !closed.isLook && repeats && explodes(closed)) return pattern.slice(closed.start, offset);
    if (closed?.isLook || /^(?:[\^$]|\\[AZbB])$/.test(atom)) continue;
    const branch = stack.at(-1)?.branches.at(-1);
    if (!branch) continue;
    const optional = quantifier !== null && /^(?:[*?]|\{0?,|\{0\})/.test(quantifier[0]);
    const isRepeated = repeats || (closed !== undefined && explodes(closed));
    if (!optional) branch.mandatory += 1;
    if (!optional && isRepeated) branch.mandatoryRepeated += 1;
    if (isRepeated) branch.repeated += 1;
  }
  return null;
}

/** Whether some branch is nothing but endless parts, the optional ones left out. */
function explodes(group: Group): boolean {
  return group.branches.some(({ mandatory, repeated, mandatoryRepeated }) => {
    return repeated > 0 && (mandatory === 0 || (mandatory === 1 && mandatoryRepeated === 1));
  });
}

function isEndless(quantifier: RegExpExecArray | null): boolean {
  if (!quantifier) return false;
  const [text, , comma, most] = quantifier;
  if (text.startsWith('*') || text.startsWith('+')) return true;
  return comma !== undefined && (most === '' || Number(most) > 100);
}

function newGroup(start: number, isLook: boolean): Group {
  return { start, isLook, branches: [newBranch()] };
}

function newBranch(): Branch {
  return { mandatory: 0, mandatoryRepeated: 0, repeated: 0 };
}
