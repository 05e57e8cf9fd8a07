// Maps and ACLs that commands change while the same haproxy.cfg runs under HAProxy and under `veza-proxy run`: both say the same,
// and answer requests alike.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ask, type Balancer, get, haproxyIsThere, startBalancers } from '../support/balancers.ts';
import { NamedServers } from '../support/named-servers.ts';

type Step = { readonly say: string } | { readonly get: string };

const available = haproxyIsThere();
const steps = parse(readFileSync(join(import.meta.dirname, 'haproxy-patterns.yml'), 'utf8')) as readonly Step[];
const folder = mkdtempSync(join(tmpdir(), 'veza-proxy-patterns-'));
const file = join(folder, 'haproxy.cfg');
const lists = {
  'deny.lst': '# nobody from here\n192.0.2.1\n198.51.100.0/24\n',
  'paths.lst': '/admin\n/private\n',
  'names.lst': 'blocked.example.org\n',
  're.lst': 'bot$\n',
  'hosts.map': '# name backend\na.example.org  app\nb.example.org\tother\n',
};
const configuration = `
global
    stats socket "\${RUN}/admin.sock" level admin
defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s
frontend web
    bind "127.0.0.1:\${PORT}"
    acl bad src -f ${folder}/deny.lst
    acl hidden path_beg -i -f ${folder}/paths.lst /extra
    http-request deny if bad
    http-request deny deny_status 404 if hidden
    http-request deny if { req.hdr(host) -f ${folder}/names.lst }
    http-request deny if { path_reg -f ${folder}/re.lst }
    use_backend %[req.hdr(host),lower,map(${folder}/hosts.map,app)]
backend app
    server a "127.0.0.1:\${APP}"
backend other
    server a "127.0.0.1:\${OTHER}"
`;
let servers: NamedServers | undefined;
let balancers: readonly Balancer[] = [];

beforeAll(async () => {
  if (!available) return;
  writeFileSync(file, configuration);
  for (const [name, text] of Object.entries(lists)) writeFileSync(join(folder, name), text);
  servers = await NamedServers.start('APP', 'OTHER');
  balancers = await startBalancers(['haproxy', 'veza-proxy'], file, servers.ports);
});

afterAll(async () => {
  servers?.[Symbol.dispose]();
  for (const balancer of balancers) await balancer[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** Answer to a command without what differs by nature: addresses in memory, the empty line behind it, HAProxy's own lists. */
async function say(balancer: Balancer, line: string): Promise<string> {
  const lines = line.replaceAll('FOLDER', folder).replaceAll(String.raw`\n`, '\n');
  const text = await ask(balancer, line.includes('<<') ? `${lines}\n` : lines, 'admin.sock');
  return text
    .trimEnd()
    .replaceAll(/^0x[0-9a-f]+ /gm, '0x ')
    .replaceAll(/^.*'httpclient'.*\n?/gm, '')
    .replace(/^10 (?=.*hosts\.map)/m, '8 ')
    .trimEnd();
}

function getAt(balancer: Balancer, said: string): Promise<string> {
  const [host = '', path = ''] = said.split(' ');
  return get(balancer, path, { Host: host });
}

describe.skipIf(!available)('maps and ACLs that commands change', () => {
  it('are told in the same words and decide alike', async () => {
    const differ: object[] = [];
    for (const step of steps) {
      const answer = (each: Balancer) => ('say' in step ? say(each, step.say) : getAt(each, step.get));
      const [theirs, ours] = await Promise.all(balancers.map(answer));
      if (theirs !== ours) differ.push({ ...step, theirs, ours });
    }
    expect(differ).toEqual([]);
  });

  it('are in all workers, and as in the files after a reload', async () => {
    const [, ours] = balancers;
    if (!ours) throw new Error('it did not start');
    await say(ours, 'add acl FOLDER/paths.lst /gone');
    for (let count = 0; count < 8; count += 1) expect(await getAt(ours, 'a.example.org /gone')).toBe('404');
    expect(await say(ours, 'set weight app/a 7')).toBe('');
    await say(ours, 'add acl FOLDER/paths.lst /away');
    expect(await say(ours, 'get weight app/a')).toBe('7 (initial 1)');
    expect(await say(ours, 'reload')).toBe('Success=1');
    expect(await getAt(ours, 'a.example.org /gone')).toBe('APP');
    expect(await getAt(ours, 'a.example.org /private/x')).toBe('404');
    expect(await say(ours, 'show acl FOLDER/paths.lst')).toBe('0x /admin\n0x /private');
  });

  it('are changed by admins alone, and seen by operators', async () => {
    const [, ours] = balancers;
    if (!ours) throw new Error('it did not start');
    expect(await say(ours, 'operator;add acl FOLDER/paths.lst /x')).toContain('Permission denied');
    expect(await say(ours, 'operator;show acl FOLDER/names.lst')).toContain('blocked.example.org');
    expect(await say(ours, 'user;show acl FOLDER/names.lst')).toContain('insufficient privileges');
  });
});
