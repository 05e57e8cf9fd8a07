// `${NAME}` and `${NAME:-default}` in values of a configuration: filled in from the environment before anything is judged.
// Names are upper case: `${remote_addr}` and other placeholders of requests stay what they are. `$${NAME}` is the text itself.
import { nearestName } from '../../../lib/suggest.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Interpolated {
  readonly text: string;
  /** Something was filled in. */
  readonly changed: boolean;
  readonly missing: readonly MissingVariable[];
}

export interface MissingVariable {
  readonly name: string;
  /** As it is written, to be found in the source. */
  readonly written: string;
  readonly hint: string;
}

const pattern = /\$(\$?)\{([A-Z_][A-Z0-9_]*)(?::-([^}]*))?\}/g;

/** A variable that is not set, or empty, gets its default; without one it is missing. */
export function interpolate(text: string, environment: Environment): Interpolated {
  if (!text.includes('${')) return { text, changed: false, missing: [] };
  const missing: MissingVariable[] = [];
  let changed = false;
  const filled = text.replaceAll(pattern, (written, escape: string, name: string, fallback: string | undefined) => {
    changed = true;
    if (escape !== '') return written.slice(1);
    const value = environment[name];
    if (value !== undefined && (value !== '' || fallback === undefined)) return value;
    if (fallback !== undefined) return fallback;
    missing.push({ name, written, hint: hintFor(name, environment) });
    return '';
  });
  return { text: filled, changed, missing };
}

function hintFor(name: string, environment: Environment): string {
  const near = nearestName(
    name,
    Object.keys(environment).filter((known) => environment[known] !== undefined),
  );
  const advice = `Set it, or give a default: \`\${${name}:-value}\`.`;
  return near === null ? advice : `Did you mean \`${near}\`? ${advice}`;
}
