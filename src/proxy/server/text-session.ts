// One connection to a stats socket: lines in, answers out, in HAProxy's manner: one line of commands, an answer to each that
// ends with an empty line, close; or `prompt`, and it stays open.
import type { Socket } from 'node:net';
import { parseCommand, type SocketLevel } from '../core/stats/commands.ts';
import type { TextCommands } from './text-commands.ts';

/** A line longer than this is no command. */
const maxLineBytes = 16_384;
const idleTimeoutMs = 60_000;

export class TextSession {
  readonly #socket: Socket;
  readonly #commands: TextCommands;
  readonly #actor: string;
  #level: SocketLevel;
  #text = '';
  #prompt = false;
  #working: Promise<void> = Promise.resolve();

  constructor(socket: Socket, commands: TextCommands, level: SocketLevel, actor: string) {
    this.#socket = socket;
    this.#commands = commands;
    this.#level = level;
    this.#actor = actor;
    socket.setTimeout(idleTimeoutMs, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => this.#onData(bytes));
    socket.on('end', () => this.#onEnd());
  }

  #onData(bytes: Buffer): void {
    this.#text += bytes.toString('utf8');
    if (this.#text.length > maxLineBytes) {
      this.#socket.destroy();
      return;
    }
    const lines = this.#text.split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) this.#working = this.#working.then(() => this.#line(line));
    // No more commands before these are answered and the answers taken.
    this.#socket.pause();
    this.#working = this.#working.then(() => this.#drained()).then(() => void this.#socket.resume());
  }

  #onEnd(): void {
    // `printf 'show stat' | nc` ends without a line end.
    const rest = this.#text;
    if (rest !== '') this.#working = this.#working.then(() => this.#line(rest));
    this.#working = this.#working.then(() => void this.#socket.end());
  }

  async #line(line: string): Promise<void> {
    for (const part of line.split(';')) {
      if (!this.#socket.writable) return;
      const command = parseCommand(part, this.#level);
      if (command.do === 'quit') {
        this.#socket.end();
        return;
      }
      if (command.do === 'prompt') {
        this.#prompt = !this.#prompt;
      } else {
        if (command.do === 'lower-level' && this.#level !== 'user') this.#level = command.level;
        this.#reply(`${await this.#commands.run(command, { actor: this.#actor, level: this.#level })}\n`);
      }
      await this.#drained();
    }
    if (this.#prompt) this.#reply('> ');
    else this.#socket.end();
  }

  /** The client may have gone while its command was carried out. */
  #reply(text: string): void {
    if (this.#socket.writable) this.#socket.write(text);
  }

  /** Resolves when what was written is taken, or never will be. */
  #drained(): Promise<void> {
    const socket = this.#socket;
    if (!socket.writable || !socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        socket.off('drain', done).off('close', done);
        resolve();
      };
      socket.on('drain', done).on('close', done);
    });
  }
}
