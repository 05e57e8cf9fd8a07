// What an ACL looks at (`path_beg`, `hdr(host)`, `src`) -> conditions of our rules, of which one must hold.
import { boundsOf } from './bounds.ts';
import { helloVersionTest, lengthTest } from './measures.ts';
import { escaped, type Match, type Patterns, regexOf } from './patterns.ts';

/** Conditions as they stand in a rule; all of them hold. */
export interface Condition {
  readonly host?: string;
  readonly path?: string;
  readonly pathRegex?: string;
  readonly uriRegex?: string;
  readonly scheme?: 'http' | 'https';
  readonly sni?: string;
  readonly alpn?: string;
  readonly tlsVersion?: readonly string[];
  readonly clientCertificate?: boolean;
  readonly clientName?: Value;
  readonly methods?: readonly string[];
  readonly source?: readonly string[];
  readonly headers?: Readonly<Record<string, Value>>;
  readonly query?: Readonly<Record<string, Value>>;
  readonly usable?: Readonly<Record<string, number>>;
  readonly usableBelow?: Readonly<Record<string, number>>;
}

type Value = string | { readonly regex: string } | { readonly present: boolean };

/** More requests than this in a time, by `sc_http_req_rate` and the like. */
export interface RateTest {
  readonly above: number;
}

export type Test =
  | { readonly kind: 'one-of'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'rate'; readonly rate: RateTest }
  /** The client gave a name and a password of this list. */
  | { readonly kind: 'auth'; readonly list: string }
  | { readonly kind: 'unknown' };

export interface Sample {
  readonly name: string;
  readonly argument: string;
  readonly match: Match | undefined;
  readonly lower: boolean;
}

const always: Test = { kind: 'one-of', conditions: [{}] };
const never: Test = { kind: 'one-of', conditions: [] };
const unknown: Test = { kind: 'unknown' };

/** ACLs that HAProxy knows by itself. */
export const predefined: Readonly<Record<string, Test>> = {
  TRUE: always,
  FALSE: never,
  HTTP: always,
  WAIT_END: always,
  LOCALHOST: one({ source: ['127.0.0.1/8', '::1'] }),
  METH_CONNECT: one({ methods: ['CONNECT'] }),
  METH_DELETE: one({ methods: ['DELETE'] }),
  METH_GET: one({ methods: ['GET', 'HEAD'] }),
  METH_HEAD: one({ methods: ['HEAD'] }),
  METH_OPTIONS: one({ methods: ['OPTIONS'] }),
  METH_POST: one({ methods: ['POST'] }),
  METH_PUT: one({ methods: ['PUT'] }),
  METH_TRACE: one({ methods: ['TRACE'] }),
};

function one(condition: Condition): Test {
  return { kind: 'one-of', conditions: [condition] };
}

/** `hdr_beg(host)`, `path,lower`, `req.cook(x)`: reads what is looked at. */
export function parseSample(text: string): Sample | undefined {
  const [, name = '', argument = '', converters = ''] =
    /^([a-z0-9_.]+)(?:\(([^)]*)\))?((?:,[a-z_0-9]+(?:\([^)]*\))?)*)$/.exec(text) ?? [];
  if (name === '') return undefined;
  const known = converters.split(/,(?![^(]*\))/).filter((converter) => converter !== '');
  if (known.some((converter) => !/^(?:lower|url_dec(?:\(\))?|field\(1,:\)|host_only|length)$/.test(converter)))
    return undefined;
  const [, base = name, suffix] = /^(.*?)(?:_(beg|end|sub|reg|dir|dom|len))?$/.exec(name) ?? [];
  const match = known.includes('length') ? 'len' : (suffix as Match | undefined);
  return { name: base, argument, match, lower: known.includes('lower') };
}

/** Headers that hold lists; others are compared whole. */
const listHeaders = /^(?:accept.*|cache-control|connection|te|upgrade|via|x-forwarded-for)$/;

export function testOf(sample: Sample, patterns: Patterns): Test {
  const { name, argument } = sample;
  const { values, match } = patterns;
  const [first = ''] = values;
  if (match === 'len') return lengthTest(sample, values);
  switch (name) {
    case 'always_true':
      return always;
    case 'always_false':
      return never;
    case 'path':
      return pathTest(patterns);
    case 'url':
    case 'pathq':
      // What begins with a path cannot be written in another way to go past it.
      return match === 'beg' && !values.some((value) => value.includes('?'))
        ? pathTest(patterns)
        : match === 'found'
          ? always
          : one({ uriRegex: regexOf(patterns) });
    case 'base':
      return match === 'beg' ? baseTest(values) : unknown;
    case 'hdr':
    case 'req.hdr':
    case 'req.fhdr':
    case 'fhdr':
    case 'hdr_cnt':
    case 'req.hdr_cnt':
      return argument.toLowerCase() === 'host'
        ? hostTest(patterns)
        : headerTest(argument.split(',')[0] ?? '', patterns);
    case 'cook':
    case 'req.cook':
      return one({ headers: { cookie: { regex: cookieRegex(argument, patterns) } } });
    case 'url_param':
    case 'urlp':
      return one({ query: { [argument.split(',')[0] ?? '']: valueOf(patterns, false) } });
    case 'method':
      return one({ methods: [...values] });
    case 'src':
      return one({ source: [...values] });
    case 'ssl_fc':
      return boolean(patterns, { scheme: 'https' }, { scheme: 'http' });
    case 'req.ssl_hello_type':
    case 'req_ssl_hello_type':
      return values.length === 1 && first === '1' ? one({ scheme: 'https' }) : unknown;
    case 'req.ssl_ver':
    case 'req_ssl_ver':
      return helloVersionTest(values);
    case 'ssl_fc_protocol':
      return match === 'str' ? one({ tlsVersion: [...values] }) : unknown;
    case 'req.ssl_alpn':
      return match === 'str' ? { kind: 'one-of', conditions: values.map((alpn) => ({ alpn })) } : unknown;
    case 'req.ssl_sni':
    case 'req_ssl_sni':
    case 'ssl_fc_sni':
      return sniTest(patterns);
    case 'ssl_fc_has_crt':
    case 'ssl_c_used':
      return boolean(patterns, { clientCertificate: true }, { clientCertificate: false });
    case 'ssl_c_verify':
    case 'ssl_c_err':
    case 'ssl_c_ca_err':
      // Whoever has a certificate that is not valid did not come in.
      return values.length === 1 && first === '0' ? one({ scheme: 'https' }) : unknown;
    case 'ssl_c_s_dn':
      return /^cn$/i.test(argument) ? one({ clientName: valueOf(patterns, false) }) : unknown;
    case 'nbsrv':
      return argument === '' ? unknown : serversTest(argument, values);
    case 'sc_http_req_rate':
    case 'sc0_http_req_rate':
    case 'src_http_req_rate':
      return first === 'gt' || first === 'ge' ? rate(values) : unknown;
    default:
      return unknown;
  }
}

/** `ssl_fc`, `ssl_fc 0`, `ssl_fc -m bool true` */
function boolean({ values, match }: Patterns, yes: Condition, no: Condition): Test {
  const [value = '1'] = values;
  if (values.length > 1 || (match !== 'str' && match !== 'found' && match !== 'bool')) return unknown;
  if (match === 'found' || /^(?:1|true|yes|on)$/.test(value)) return one(yes);
  return /^(?:0|false|no|off)$/.test(value) ? one(no) : unknown;
}

/** Names are compared without regard to case. */
function sniTest({ match, values }: Patterns): Test {
  const names = values.map((value) => value.toLowerCase());
  if (match === 'str') return { kind: 'one-of', conditions: names.map((sni) => ({ sni })) };
  return match === 'end' && names.every((name) => name.startsWith('.'))
    ? { kind: 'one-of', conditions: names.map((name) => ({ sni: `*${name}` })) }
    : unknown;
}

function rate([operator, count = '']: readonly string[]): Test {
  const above = Number(count) - (operator === 'ge' ? 1 : 0);
  return Number.isInteger(above) && above >= 1 ? { kind: 'rate', rate: { above } } : unknown;
}

/** `nbsrv(app) lt 2`: how many servers of a backend can be used. */
function serversTest(backend: string, values: readonly string[]): Test {
  const [bounds, ...others] = boundsOf(values) ?? [];
  if (!bounds || others.length > 0) return unknown;
  const [least, limit] = [bounds[0], bounds[1] + 1];
  if (limit <= least) return never;
  return one({
    ...(least > 0 && { usable: { [backend]: least } }),
    ...(limit < Infinity && { usableBelow: { [backend]: limit } }),
  });
}

function pathTest(patterns: Patterns): Test {
  const { match, ignoreCase, values } = patterns;
  if (match === 'found' || (match === 'beg' && values.includes('/'))) return always;
  const [path = ''] = values;
  if (match === 'str' && !ignoreCase && values.length === 1) return one({ path });
  return one({ pathRegex: regexOf(patterns) });
}

/** `example.org/api`: host and beginning of the path in one. */
function baseTest(values: readonly string[]): Test {
  if (!values.every((value) => value.includes('/'))) return unknown;
  const conditions = values.map((value) => {
    const slash = value.indexOf('/');
    return { host: value.slice(0, slash), pathRegex: `^${escaped(value.slice(slash), false)}` };
  });
  return { kind: 'one-of', conditions };
}

/** Ports and case do not matter in our `host`. */
function hostTest(patterns: Patterns): Test {
  const { match, values } = patterns;
  const hosts = values.map((value) => value.toLowerCase());
  if (match === 'str') return { kind: 'one-of', conditions: hosts.map((host) => ({ host })) };
  if (match === 'end' && hosts.every((host) => host.startsWith('.'))) {
    return { kind: 'one-of', conditions: hosts.map((host) => ({ host: `*${host}` })) };
  }
  return one({ headers: { host: match === 'found' ? { present: true } : { regex: regexOf(patterns) } } });
}

function headerTest(name: string, patterns: Patterns): Test {
  return one({ headers: { [name]: valueOf(patterns, listHeaders.test(name.toLowerCase())) } });
}

function valueOf(patterns: Patterns, list: boolean): Value {
  const { match, ignoreCase, values } = patterns;
  if (match === 'found') return { present: true };
  const [value = ''] = values;
  return match === 'str' && !ignoreCase && values.length === 1 && !list ? value : { regex: regexOf(patterns, list) };
}

/** One cookie within the header. */
function cookieRegex(name: string, { match, ignoreCase, values }: Patterns): string {
  const begin = `(?:^|;) *${escaped(name, false)}=`;
  const any = values.map((value) => (match === 'reg' ? `(?:${value})` : escaped(value, ignoreCase))).join('|');
  if (match === 'found') return begin;
  const text = `(?:${any})`;
  const before = match === 'str' || match === 'beg' ? '' : '[^;]*';
  return `${begin}${before}${text}${match === 'str' || match === 'end' ? ' *(?:;|$)' : ''}`;
}
