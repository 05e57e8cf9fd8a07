// Finds the usual ways to write a regular expression that takes exponential time: a repeated group that can match
// the same text in many ways. A heuristic: it knows the shapes below, not every ambiguous pattern.
//   (a+)+ (a*)* (\w+,?)*   all that the group must hold is one endless thing
//   (.*,)* (.*a){20}       an endless dot eats the separator, too
//   (a|aa)+                one branch begins like another
//   (x+x+)+                two endless things in a row are the same
//   (a?){50}               a counted group that may hold nothing

interface Branch {
  text: string;
  mandatory: number;
  mandatoryRepeated: number;
  /** All that repeat without end. */
  repeated: number;
  lastEndless: string;
  isAmbiguous: boolean;
  hasEndlessDot: boolean;
}

interface Group {
  readonly start: number;
  readonly isLook: boolean;
  readonly branches: Branch[];
}

const atomPattern =
  /\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\(\?(?:P?<[A-Za-z_]\w*>|P=\w+\)|<?[=!]|[a-z-]*:|#[^)]*\))?|[\s\S]/y;
const quantifierPattern = /(?:[*+?]|\{(\d*)(?:(,)(\d*))?\})[?+]?/y;
/** Counted groups above these count as endless: one with a dot inside, one that may be empty, any other. */
const countLimits = { dot: 4, empty: 20, any: 100 };

/** The repeated group that can explode, as written, or null. */
export function explodingPart(pattern: string): string | null {
  const stack: Group[] = [{ start: 0, isLook: false, branches: [newBranch()] }];
  let offset = 0;
  while (offset < pattern.length) {
    atomPattern.lastIndex = offset;
    const atom = atomPattern.exec(pattern)?.[0] ?? '';
    const start = offset;
    offset += atom.length || 1;
    if (atom.startsWith('(') && !atom.endsWith(')')) {
      stack.push({ start, isLook: /[=!]$/.test(atom), branches: [newBranch()] });
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
    const most = mostOf(quantifier);
    if (closed && !closed.isLook && explodes(closed, most)) return pattern.slice(closed.start, offset);
    if (closed?.isLook || /^(?:[\^$]|\\[AZbB])$/.test(atom)) continue;
    const branch = stack.at(-1)?.branches.at(-1);
    const optional = quantifier !== null && /^(?:[*?]|\{0?,|\{0\})/.test(quantifier[0]);
    const written = closed ? pattern.slice(closed.start, start + 1) : atom;
    if (branch) add(branch, written, closed, most, optional);
  }
  return null;
}

function add(branch: Branch, written: string, closed: Group | undefined, most: number, optional: boolean): void {
  const isRepeated = most > countLimits.any || (closed !== undefined && isOneEndless(closed));
  branch.text += written;
  if (!optional) branch.mandatory += 1;
  if (!optional && isRepeated) branch.mandatoryRepeated += 1;
  if (isRepeated) branch.repeated += 1;
  if (isRepeated && (written === '.' || written === '[\\s\\S]')) branch.hasEndlessDot = true;
  if (closed?.branches.some((inner) => inner.hasEndlessDot)) branch.hasEndlessDot = true;
  if (isRepeated && branch.lastEndless === written) branch.isAmbiguous = true;
  if (isRepeated || !optional) branch.lastEndless = isRepeated ? written : '';
}

function explodes(group: Group, most: number): boolean {
  const { branches } = group;
  if (most > countLimits.dot && branches.some((branch) => branch.hasEndlessDot)) return true;
  if (most !== Infinity && most > countLimits.empty && branches.some((branch) => branch.mandatory === 0)) return true;
  if (most <= countLimits.any) return false;
  return isOneEndless(group) || branches.some((branch) => branch.isAmbiguous) || overlap(branches);
}

/** Whether some branch is nothing but one endless part, the optional ones left out. */
function isOneEndless({ branches }: Group): boolean {
  return branches.some(({ mandatory, repeated, mandatoryRepeated }) => {
    return repeated > 0 && (mandatory === 0 || (mandatory === 1 && mandatoryRepeated === 1));
  });
}

function overlap(branches: readonly Branch[]): boolean {
  return branches.some((branch, index) =>
    branches.some((other, at) => at !== index && branch.text !== '' && other.text.startsWith(branch.text)),
  );
}

/** How often a quantifier repeats at most. */
function mostOf(quantifier: RegExpExecArray | null): number {
  if (!quantifier) return 1;
  const [text, least, comma, most] = quantifier;
  if (text.startsWith('*') || text.startsWith('+')) return Infinity;
  if (text.startsWith('?')) return 1;
  if (comma === undefined) return Number(least);
  return most === '' ? Infinity : Number(most);
}

function newBranch(): Branch {
  return {
    text: '',
    mandatory: 0,
    mandatoryRepeated: 0,
    repeated: 0,
    lastEndless: '',
    isAmbiguous: false,
    hasEndlessDot: false,
  };
}
