// `veza-proxy reload`: asks a running proxy to read its configuration again, and waits for what becomes of it.
import { connect } from 'node:net';
import { VezaError } from '../../lib/errors.ts';
import type { Bind } from '../core/config/model.ts';
import { soundConfig } from './config-source.ts';

/** Longer than all workers together may take. */
const patienceMs = 30_000;

/** Resolves with what the proxy said: undefined if the configuration runs, else why not. Throws VezaError. */
export async function askReload(file: string): Promise<string | undefined> {
  const [socket] = soundConfig(file).config.stats.sockets;
  if (!socket) {
    throw new VezaError('no-socket', `${file} has no stats.socket, by which the running proxy could be asked`, {
      hint: 'Add `stats: { socket: [unix:/run/veza-proxy/admin.sock] }`, or send SIGHUP and read its log.',
    });
  }
  const answer = (await ask(socket, 'reload\n')).trim();
  if (answer === 'Success=1') return undefined;
  return answer === '' ? 'the proxy closed the connection without an answer' : answer;
}

async function ask(bind: Bind, command: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const host = bind.kind === 'tcp' && bind.host === '::' ? 'localhost' : bind.kind === 'tcp' ? bind.host : '';
  const socket = bind.kind === 'unix' ? connect(bind.path) : connect(bind.port, host);
  let answer = '';
  socket.setTimeout(patienceMs, () => socket.destroy(new Error('no answer in time')));
  socket.on('data', (bytes: Buffer) => (answer += bytes.toString('utf8')));
  socket.on('end', () => resolve(answer));
  socket.on('error', (error) => {
    reject(
      new VezaError('not-reached', `cannot reach the running proxy at ${bind.id}: ${error.message}`, {
        hint: 'Does it run, with this `stats.socket`? It must be the one that is running now.',
      }),
    );
  });
  socket.write(command);
  return promise;
}
