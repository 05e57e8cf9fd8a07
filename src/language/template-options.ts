// How a template is cut: its marks and its white space, as Ansible sets them, and the `#jinja2:` line that changes them.
import { nearestName } from '../lib/suggest.ts';
import { SyntaxProblem } from './source.ts';

export interface TemplateOptions {
  readonly variable_start_string: string;
  readonly variable_end_string: string;
  readonly block_start_string: string;
  readonly block_end_string: string;
  readonly comment_start_string: string;
  readonly comment_end_string: string;
  /** The line feed behind a statement goes. */
  readonly trim_blocks: boolean;
  /** White space before a statement that begins its line goes. */
  readonly lstrip_blocks: boolean;
  /** How lines of the template's own text end. */
  readonly newline_sequence: string;
  /** A line feed at the very end of the template stays. */
  readonly keep_trailing_newline: boolean;
}

/** Jinja's defaults but for trim_blocks, which Ansible switches on. */
export const defaultOptions: TemplateOptions = {
  variable_start_string: '{{',
  variable_end_string: '}}',
  block_start_string: '{%',
  block_end_string: '%}',
  comment_start_string: '{#',
  comment_end_string: '#}',
  trim_blocks: true,
  lstrip_blocks: false,
  newline_sequence: '\n',
  keep_trailing_newline: false,
};

const mark = '#jinja2:';

/** The options of the first line, and where the template begins behind it. Throws SyntaxProblem. */
export function readHeader(
  source: string,
  options: TemplateOptions,
): { readonly options: TemplateOptions; readonly start: number } {
  if (!source.startsWith(mark)) return { options, start: 0 };
  const lineEnd = source.indexOf('\n');
  const end = lineEnd === -1 ? source.length : lineEnd;
  let changed: TemplateOptions = options;
  for (const part of source.slice(mark.length, end).matchAll(/((?:[^,'"]|'[^']*'|"[^"]*")+)(?:,|$)/g)) {
    const start = mark.length + part.index;
    changed = withOption(changed, part[1] ?? '', start);
  }
  return { options: changed, start: Math.min(source.length, end + 1) };
}

function withOption(options: TemplateOptions, written: string, start: number): TemplateOptions {
  if (written.trim() === '') return options;
  const [, name = '', value = ''] = /^\s*([\w]+)\s*:\s*(.*?)\s*$/.exec(written) ?? [];
  const problem = (message: string, hint?: string): never => {
    throw new SyntaxProblem(message, start, start + written.length, hint);
  };
  if (!isOption(name)) {
    const near = nearestName(name, Object.keys(defaultOptions));
    const hint = near === null ? `options are ${Object.keys(defaultOptions).join(', ')}` : `did you mean '${near}'?`;
    return problem(`a template has no option '${name || written.trim()}'`, hint);
  }
  if (typeof options[name] === 'boolean') {
    const flag = /^true$/i.test(value) || (/^false$/i.test(value) ? false : null);
    return { ...options, [name]: flag ?? problem(`the option '${name}' is True or False, not ${value}`) };
  }
  const quoted = /^(['"])(.+)\1$/s.exec(value);
  const text = quoted?.[2]?.replaceAll('\\n', '\n').replaceAll('\\r', '\r');
  return { ...options, [name]: text ?? problem(`the option '${name}' is a text in quotes, not ${value}`) };
}

function isOption(name: string): name is keyof TemplateOptions {
  return Object.hasOwn(defaultOptions, name);
}
