// `veza-proxy ctl`: tokens of the admin interface, and commands to a stats socket.
import { VezaError } from '../../lib/errors.ts';
import { nearestName } from '../../lib/suggest.ts';
import { parseBind } from '../core/config/bind.ts';
import { readNumbered } from '../core/stats/reply.ts';
import { ask } from './ask-reload.ts';
import { createToken, readTokens, revokeToken } from './admin/token-file.ts';

type Options = Readonly<Record<string, string | boolean | undefined>>;

export async function control(words: readonly string[], options: Options): Promise<void> {
  if (words[0] === 'token') {
    process.stdout.write(token(words.slice(1), options));
    return;
  }
  const { socket } = options;
  if (typeof socket !== 'string') {
    throw new VezaError('bad-usage', 'which proxy? --socket is missing', {
      hint: 'Give its stats socket: --socket 127.0.0.1:9100 or --socket /run/veza-proxy/admin.sock.',
    });
  }
  const bind = parseBind(socket);
  if (!bind) {
    const hint = 'For instance 127.0.0.1:9100 or unix:/run/veza-proxy/admin.sock.';
    throw new VezaError('bad-usage', `${socket} is no address of a socket`, { hint });
  }
  const said = await ask(bind, `set severity-output number;${words.join(' ')}\n`);
  // Who knows the first command says nothing to it; a process of an older version says that it does not.
  const { text, failed } = readNumbered(said.startsWith('\n') ? said.slice(1) : said.replace(/^.*?\n\n/s, ''));
  process.stdout.write(text.replace(/\n\n$/, '\n').replace(/^\n$/, ''));
  if (failed) process.exitCode = 1;
}

function token([action = '', name = '']: readonly string[], { file, role = 'admin' }: Options): string {
  if (typeof file !== 'string')
    throw new VezaError('bad-usage', 'which file of tokens? --file is missing', {
      hint: 'Give the `admin.tokenFile` of the configuration.',
    });
  switch (action) {
    case 'create': {
      if (!/^[A-Za-z0-9_.@-]{1,64}$/.test(name)) throw new VezaError('bad-usage', 'a token needs a plain name');
      if (role !== 'admin' && role !== 'reader') throw new VezaError('bad-usage', '--role is admin or reader');
      return `${createToken(file, name, role, new Date())}\n`;
    }
    case 'revoke':
      if (!revokeToken(file, name)) throw new VezaError('bad-usage', `there is no token ${name} in ${file}`);
      return `${name}: revoked\n`;
    case 'list':
      return readTokens(file)
        .map((each) => `${each.name} ${each.role} ${each.created}\n`)
        .join('');
    default:
      throw new VezaError('bad-usage', `there is no \`ctl token ${action}\``, { hint: nearOf(action) });
  }
}

function nearOf(action: string): string {
  const near = nearestName(action, ['create', 'revoke', 'list']);
  return near === null ? 'There are create, revoke and list.' : `Did you mean \`ctl token ${near}\`?`;
}
