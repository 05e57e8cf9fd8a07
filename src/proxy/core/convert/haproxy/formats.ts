// HAProxy's log-format texts (`%[src]`, `%ci`) -> our placeholders.

const samples: Readonly<Record<string, string>> = {
  src: 'remote_addr',
  src_port: 'remote_port',
  method: 'method',
  'capture.req.method': 'method',
  path: 'path',
  query: 'query',
  url: 'uri',
  pathq: 'uri',
  'capture.req.uri': 'uri',
  'req.hdr(host)': 'host',
  'hdr(host)': 'host',
  'req.fhdr(host)': 'host',
  'unique-id': 'request_id',
  'uuid()': 'request_id',
  'ssl_fc,iif(https,http)': 'scheme',
  'ssl_fc,iif("https","http")': 'scheme',
  fe_name: 'frontend',
  be_name: 'backend',
  srv_name: 'server',
  status: 'status',
};

const tags: Readonly<Record<string, string>> = {
  ci: 'remote_addr',
  cp: 'remote_port',
  HM: 'method',
  HP: 'path',
  HU: 'uri',
  ID: 'request_id',
  f: 'frontend',
  ft: 'frontend',
  b: 'backend',
  s: 'server',
  ST: 'status',
};

/** The text with placeholders, or the part for which there is none. */
export function convertFormat(text: string): { readonly text: string } | { readonly unknown: string } {
  let result = '';
  let at = 0;
  while (at < text.length) {
    const percent = text.indexOf('%', at);
    if (percent < 0) return { text: result + text.slice(at) };
    result += text.slice(at, percent);
    const rest = text.slice(percent);
    if (rest.startsWith('%%')) {
      result += '%';
      at = percent + 2;
      continue;
    }
    const match = /^%\[((?:[^\][]|\[[^\]]*\])*)\]/.exec(rest) ?? /^%([A-Za-z]+)/.exec(rest);
    const key = match?.[1]?.replaceAll(' ', '') ?? '';
    const name = rest.startsWith('%[') ? samples[key.replace(/,(?:lower|upper)$/, '')] : tags[key];
    if (!match || name === undefined || name === '' || /,upper$/.test(key)) return { unknown: match?.[0] ?? rest };
    result += `\${${name}}`;
    at = percent + match[0].length;
  }
  return { text: result };
}
