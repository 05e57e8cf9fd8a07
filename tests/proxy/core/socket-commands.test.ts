// Commands of the stats socket as text: what they mean, who may say them, what is refused and why.
import { describe, expect, it } from 'vitest';
import { editServer } from '../../../src/proxy/core/config/edit.ts';
import { parseServerWords } from '../../../src/proxy/core/stats/added-server.ts';
import { BackendTimes, downtimeMs } from '../../../src/proxy/core/stats/backend-times.ts';
import { parseCommand } from '../../../src/proxy/core/stats/commands.ts';
import { ServerRegistry } from '../../../src/proxy/core/server-registry.ts';
import { aConfig } from '../support/builders.ts';

const said = (line: string): string => {
  const command = parseCommand(line, 'admin');
  return command.do === 'answer' ? command.text : command.do;
};

describe('a command', () => {
  it.each([
    ['set rate-limit sessions global 5', 'set maxconn frontend'],
    ['show ssl crt-list', 'its files are what counts'],
    ['show pools', 'GET /api/debug'],
    ['show resolvers', 'show servers state'],
  ])('of HAProxy that there is none of is refused with what to do instead: %s', (line, hint) => {
    expect(said(line)).toMatch(/^Not a command of veza-proxy: /);
    expect(said(line)).toContain(hint);
  });

  it('that is unknown is answered with those that begin as it does, or all', () => {
    expect(said('enable nothing')).toMatch(/maybe one of the following ones is a better match:\n {2}enable server/);
    expect(said('nonsense')).toMatch(
      /^Unknown command\. Please enter one of the following commands only:\n {2}show stat/,
    );
  });

  it('gets the payload behind it', () => {
    const command = parseCommand('set ssl cert a.pem', 'admin', 'text\n');
    expect(command).toEqual({ do: 'ssl-cert', action: 'set', file: 'a.pem', payload: 'text\n' });
  });

  it('ends silent sessions later or sooner, within limits', () => {
    expect(parseCommand('set timeout cli 5', 'user')).toEqual({ do: 'set-timeout', delayMs: 5000 });
    expect(parseCommand('set timeout cli 300ms', 'user')).toEqual({ do: 'set-timeout', delayMs: 300 });
    expect(said('set timeout cli 8d')).toBe('Invalid timeout value.\n');
  });
});

describe('the words of `add server`', () => {
  it('are those of a server line', () => {
    expect(parseServerWords('check inter 2s fall 4 rise 1 weight 7 maxqueue 5 enabled'.split(' '))).toEqual({
      check: true,
      timing: { interMs: 2000, fall: 4, rise: 1 },
      weight: 7,
      maxqueue: 5,
      disabled: false,
    });
  });

  it.each([
    ['weight 257', "'weight' : a number up to 256 expected."],
    ['inter soon', "'inter' : a time such as `500ms` or `2s` expected."],
    ['cookie', "'cookie' expects a value."],
    ['ssl verify none', "'ssl' : it is what the backend says for all of its servers."],
    ['constructor', "unknown keyword 'constructor'; there are addr, backup,"],
  ])('are refused where they mean nothing: %s', (words, problem) => {
    expect(parseServerWords(words.split(' '))).toContain(problem);
  });
});

const config = aConfig({
  check: { agent: { port: 7 } },
  servers: [
    { name: 'a', address: '192.0.2.1', port: 8080 },
    { name: 'b', address: '192.0.2.2', port: 8080 },
  ],
});

describe('where a server is checked', () => {
  const edited = (change: Parameters<typeof editServer>[2]) => {
    const result = editServer(config, 'api/a', change);
    return 'config' in result ? result.config.backends[0]?.servers[0]?.check : undefined;
  };

  it('can be said, and is told apart from where its agent is', () => {
    expect(edited({ check: { port: 9000 } })).toMatchObject({ address: '192.0.2.1', port: 9000, agent: { port: 7 } });
    expect(edited({ agent: { address: '192.0.2.9' } })).toMatchObject({
      address: '192.0.2.1',
      agent: { address: '192.0.2.9', port: 7 },
    });
  });

  it('follows the server to another address, and so does its agent', () => {
    expect(edited({ address: '192.0.2.7' })).toMatchObject({ address: '192.0.2.7', agent: { address: '192.0.2.7' } });
  });
});

describe('a backend', () => {
  it('is down while none of its servers can be used, and counts that itself', () => {
    const registry = new ServerRegistry();
    registry.sync(config, 0);
    const times = new BackendTimes();
    const look = (nowMs: number) => {
      times.look(registry.records, nowMs);
      return times.of('api');
    };
    const [a, b] = registry.records;
    look(0);
    a?.setAdmin('maint', 10);
    expect(look(10)).toMatchObject({ up: true, downs: 0 });
    b?.forceHealth('down', 20);
    const down = look(20);
    expect(down).toMatchObject({ up: false, changedAtMs: 20, downs: 1 });
    expect(down && downtimeMs(down, 50)).toBe(30);
    a?.setAdmin('ready', 60);
    expect(look(60)).toMatchObject({ up: true, downs: 1, downMs: 40 });
  });
});
