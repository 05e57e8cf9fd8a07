// Samples that are numbers -> conditions: lengths (`path_len`, `hdr_len(x)`, `url_len`, `-m len`), versions of TLS.
import { type Bounds, boundsOf } from './bounds.ts';
import { escaped } from './patterns.ts';
import type { Condition, Sample, Test } from './samples.ts';

const unknown: Test = { kind: 'unknown' };

function oneOf(conditions: readonly Condition[]): Test {
  return { kind: 'one-of', conditions };
}

/** How long something of the request is. */
export function lengthTest({ name, argument }: Sample, values: readonly string[]): Test {
  const bounds = boundsOf(values)?.filter(([least, most]) => most >= least);
  if (!bounds) return unknown;
  switch (name) {
    case 'url':
      return oneOf(bounds.map((each) => ({ uriRegex: `^.${times(each)}$` })));
    case 'pathq':
      return oneOf(behindSlash(bounds).map((each) => ({ uriRegex: `^${beforePath}/.${times(each)}$` })));
    case 'path':
      return oneOf(behindSlash(bounds).map((each) => ({ uriRegex: `^${beforePath}/[^?]${times(each)}(?:\\?|$)` })));
    case 'query':
      return oneOf(bounds.map((each) => ({ uriRegex: `^[^?]*\\?.${times(each)}$` })));
    case 'hdr':
    case 'fhdr':
    case 'req.hdr':
    case 'req.fhdr':
      return oneOf(
        bounds.map((each) => ({ headers: { [argument.split(',')[0] ?? '']: { regex: `^.${times(each)}$` } } })),
      );
    case 'cook':
    case 'req.cook':
      return oneOf(bounds.map((each) => ({ headers: { cookie: { regex: cookieOf(argument, each) } } })));
    case 'url_param':
    case 'urlp':
      return oneOf(
        bounds.map((each) => ({ query: { [argument.split(',')[0] ?? '']: { regex: `^.${times(each)}$` } } })),
      );
    default:
      return unknown;
  }
}

/** What stands before the path in a target of the form for proxies. */
const beforePath = '(?:[A-Za-z][A-Za-z0-9+.-]*://[^/?]*)?';

/** What is left for the rest of a path, which begins with a slash always. */
function behindSlash(bounds: readonly Bounds[]): readonly Bounds[] {
  return bounds.filter(([, most]) => most > 0).map(([least, most]) => [Math.max(0, least - 1), most - 1]);
}

function times([least, most]: Bounds): string {
  return most === Infinity ? `{${least},}` : least === most ? `{${least}}` : `{${least},${most}}`;
}

function cookieOf(name: string, bounds: Bounds): string {
  return `(?:^|;) *${escaped(name, false)}=[^;]${times(bounds)}(?:;|$)`;
}

/** As a hello says it, which for TLS 1.3 is the number of 1.2. */
const versions: readonly (readonly [number: number, ...names: string[]])[] = [
  [0x30000, 'SSLv3'],
  [0x30001, 'TLSv1'],
  [0x30002, 'TLSv1.1'],
  [0x30003, 'TLSv1.2', 'TLSv1.3'],
];

/** `req.ssl_ver ge 3.3` */
export function helloVersionTest(values: readonly string[]): Test {
  const bounds = boundsOf(values, (text) => {
    const [, major, minor = '0'] = /^([0-9]{1,3})(?:\.([0-9]{1,3}))?$/.exec(text) ?? [];
    return major === undefined ? undefined : Number(major) * 65_536 + Number(minor);
  });
  if (!bounds) return unknown;
  const held = versions.filter(([number]) => bounds.some(([least, most]) => number >= least && number <= most));
  if (held.length === versions.length) return oneOf([{ scheme: 'https' }]);
  return oneOf(held.length === 0 ? [] : [{ tlsVersion: held.flatMap(([, ...names]) => names) }]);
}
