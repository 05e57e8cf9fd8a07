// `veza-proxy reload` and `upgrade`: ask a running proxy to read its configuration again or to replace its workers, and wait
// for what becomes of it.
import { connect } from 'node:net';
import { VezaError } from '../../lib/errors.ts';
import type { Bind } from '../core/config/model.ts';
import { soundConfig } from './config-source.ts';

/** Longer than a few workers, one after the other, may take on a busy machine. */
const patienceMs = 120_000;

/** Resolves with what the proxy said: undefined if it is done, else why not. Throws VezaError. */
export async function askRunning(file: string, command: 'reload' | 'upgrade'): Promise<string | undefined> {
  const [socket] = soundConfig(file).config.stats.sockets;
  if (!socket) {
    throw new VezaError('no-socket', `${file} has no stats.socket, by which the running proxy could be asked`, {
      hint: 'Add `stats: { socket: [unix:/run/veza-proxy/admin.sock] }`, or send SIGHUP for a reload and read its log.',
    });
  }
  const answer = (await ask(socket, `${command}\n`)).trim();
  if (answer === 'Success=1') return undefined;
  return answer === '' ? 'the proxy closed the connection without an answer' : answer;
}

/** Says one line to a stats socket; the whole answer. Throws VezaError if nobody is there. */
export async function ask(bind: Bind, command: string): Promise<string> {
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
