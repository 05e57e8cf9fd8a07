// One connection to a stats socket: lines in, answers out, in HAProxy's manner: the lines that come at once, an answer to each
// command that ends with an empty line, close; or `prompt`, and it stays open.
import type { Socket } from 'node:net';
import type { Command, SocketLevel } from '../core/stats/command.ts';
import { parseCommand } from '../core/stats/commands.ts';
import { replyText, type SeverityOutput } from '../core/stats/reply.ts';
import type { TextCommands } from './text-commands.ts';

/** What is longer than this before its line end, or the empty line behind a payload, is no command. */
const maxWaitingBytes = 65_536;
const idleTimeoutMs = 60_000;

/** A line that ends so goes on with a payload, up to an empty line. */
const payloadMark = /<<\s*$/;

export class TextSession {
  readonly #socket: Socket;
  readonly #commands: TextCommands;
  readonly #actor: string;
  #level: SocketLevel;
  #severities: SeverityOutput = 'none';
  #text = '';
  /** The line whose payload is coming, and what came of it. */
  #collecting: { readonly line: string; payload: string } | undefined;
  #prompt = false;
  /** Lines that are not answered yet. */
  #lines = 0;
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
    const lines = this.#text.split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) this.#take(line);
    if (this.#text.length + (this.#collecting?.payload.length ?? 0) > maxWaitingBytes) {
      this.#socket.destroy();
      return;
    }
    // No more commands before these are answered and the answers taken.
    this.#socket.pause();
    this.#working = this.#working.then(() => this.#drained()).then(() => void this.#socket.resume());
  }

  #onEnd(): void {
    // `printf 'show stat' | nc` ends without a line end.
    if (this.#text !== '') this.#take(this.#text);
    if (this.#collecting) this.#take('');
    this.#working = this.#working.then(() => void this.#socket.end());
  }

  #take(line: string): void {
    const collecting = this.#collecting;
    if (collecting && line !== '') {
      collecting.payload += `${line}\n`;
    } else if (collecting) {
      this.#collecting = undefined;
      this.#enqueue(collecting.line, collecting.payload);
    } else if (payloadMark.test(line)) {
      this.#collecting = { line: line.replace(payloadMark, ''), payload: '' };
    } else {
      this.#enqueue(line, undefined);
    }
  }

  #enqueue(line: string, payload: string | undefined): void {
    this.#lines += 1;
    this.#working = this.#working.then(() => this.#line(line, payload));
  }

  async #line(line: string, payload: string | undefined): Promise<void> {
    const parts = line.split(';');
    for (const [index, part] of parts.entries()) {
      if (!this.#socket.writable) return;
      const command = parseCommand(part, this.#level, index === parts.length - 1 ? payload : undefined);
      if (command.do === 'quit') {
        this.#socket.end();
        return;
      }
      this.#heed(command);
      const reply = await this.#commands.run(command, { actor: this.#actor, level: this.#level });
      this.#reply(`${replyText(reply, this.#severities)}\n${this.#prompt ? '> ' : ''}`);
      await this.#drained();
    }
    this.#lines -= 1;
    if (!this.#prompt && this.#lines === 0) this.#socket.end();
  }

  /** What is about the session itself. */
  #heed(command: Command): void {
    if (command.do === 'prompt') this.#prompt = !this.#prompt;
    else if (command.do === 'set-timeout') this.#socket.setTimeout(command.delayMs);
    else if (command.do === 'set-severity') this.#severities = command.output;
    else if (command.do === 'lower-level' && this.#level !== 'user') this.#level = command.level;
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
