// A mail by SMTP (RFC 5321): one text, one conversation, over TLS from the start or by STARTTLS, with AUTH PLAIN. No
// queue and no attachments: a mail server near by does the rest.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { builtins } from '../lib/builtins.ts';
import { shownExpiry, type AlertChannel } from './expiry.ts';

export interface SmtpOptions {
  readonly host: string;
  /** Default 465 for `tls`, 587 for `starttls`, 25 for `none`. */
  readonly port?: number;
  /** `none` is for a server on this machine; credentials are not sent then. */
  readonly security: 'tls' | 'starttls' | 'none';
  readonly user?: string;
  readonly password?: string;
  readonly from: string;
  readonly to: readonly string[];
  /** PEM of an authority to trust. */
  readonly trust?: string;
  /** For the whole conversation; default 30 s. */
  readonly timeoutMs?: number;
}

export interface Mail {
  readonly subject: string;
  readonly text: string;
  readonly date: Date;
}

const usualPorts = { tls: 465, starttls: 587, none: 25 };
const longestAnswer = 64 * 1024;

/** Mails of certificates that run out. */
export function smtpChannel(options: SmtpOptions, now: () => number): AlertChannel {
  return {
    name: `mail by ${options.host}`,
    send: async ({ certificates }) => {
      const [first] = certificates;
      const subject =
        first && certificates.length === 1 ? shownExpiry(first) : `${certificates.length} certificates run out`;
      const text = certificates.map((one) => shownExpiry(one)).join('\n');
      await sendMail(options, { subject, text, date: new Date(now()) });
    },
  };
}

/** Rejects with an Error that has the server's own answer. */
export async function sendMail(options: SmtpOptions, mail: Mail): Promise<void> {
  for (const address of [options.from, ...options.to]) refuseUnsafe(address);
  const { host, security, timeoutMs = 30_000 } = options;
  const port = options.port ?? usualPorts[security];
  const trust = options.trust === undefined ? {} : { ca: options.trust };
  let socket: Socket =
    security === 'tls' ? builtins.tls.connect({ host, port, servername: host, ...trust }) : connect({ host, port });
  const limit = setTimeout(() => socket.destroy(new Error(`no end within ${timeoutMs} ms`)), timeoutMs);
  try {
    let talk = conversation(socket);
    await talk(null, 220);
    const hello = `EHLO ${hostname().replaceAll(/[^A-Za-z0-9.-]/g, '-')}`;
    let offers = await talk(hello, 250);
    if (security === 'starttls') {
      if (!/^STARTTLS$/im.test(offers)) throw new Error('the server does not offer STARTTLS');
      await talk('STARTTLS', 220);
      const plain = socket;
      plain.removeAllListeners('data');
      socket = builtins.tls.connect({ socket: plain, servername: host, ...trust });
      await once(socket, 'secureConnect');
      talk = conversation(socket);
      offers = await talk(hello, 250);
    }
    await logIn(options, offers, talk);
    await talk(`MAIL FROM:<${options.from}>`, 250);
    for (const to of options.to) await talk(`RCPT TO:<${to}>`, 250);
    await talk('DATA', 354);
    await talk(`${messageOf(options, mail)}\r\n.`, 250);
    socket.write('QUIT\r\n');
  } finally {
    clearTimeout(limit);
    socket.on('error', () => undefined);
    socket.end();
    socket.destroySoon();
  }
}

type Talk = (line: string | null, expected: number) => Promise<string>;

async function logIn({ user, password, security }: SmtpOptions, offers: string, talk: Talk): Promise<void> {
  if (user === undefined || password === undefined) return;
  if (security === 'none') throw new Error('a password is not sent without TLS');
  if (!/^AUTH .*\bPLAIN\b/im.test(offers)) throw new Error('the server does not offer AUTH PLAIN');
  await talk(`AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`, 'utf8').toString('base64')}`, 235);
}

/** Says a line and resolves to the text of the answer, without its numbers. */
function conversation(socket: Socket): Talk {
  let received = '';
  let failure: Error | null = null;
  let wake: () => void = () => undefined;
  const fail = (error: Error) => {
    failure ??= error;
    wake();
  };
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    if (received.length > longestAnswer) fail(new Error('the answer of the server has no end'));
    wake();
  });
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the server closed the connection')));
  return async (line, expected) => {
    if (line !== null) socket.write(`${line}\r\n`);
    for (;;) {
      // The last line of an answer has a space after its number, those before it a dash.
      const answer = /^(?:\d{3}-[^\n]*\n)*(\d{3})(?: [^\n]*)?\r?\n/.exec(received);
      if (answer) {
        received = received.slice(answer[0].length);
        const text = answer[0]
          .replaceAll(/^\d{3}[- ]?/gm, '')
          .replaceAll('\r', '')
          .trim();
        if (Number(answer[1]) !== expected) throw new Error(`${answer[1]} ${text}`);
        return text;
      }
      if (failure) throw failure;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
}

function messageOf({ from, to }: SmtpOptions, { subject, text, date }: Mail): string {
  const headers = [
    `From: <${from}>`,
    `To: ${to.map((one) => `<${one}>`).join(', ')}`,
    `Subject: ${encodedWords(subject)}`,
    `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    // Lines of at most 76 characters of plain ASCII: nothing of it can be a command or begin with a dot.
    'Content-Transfer-Encoding: base64',
  ];
  const body = Buffer.from(text, 'utf8')
    .toString('base64')
    .replaceAll(/(.{76})/g, '$1\r\n');
  return `${headers.join('\r\n')}\r\n\r\n${body.trimEnd()}`;
}

/** RFC 2047, in words of at most 75 characters. */
function encodedWords(text: string): string {
  const words: string[] = [];
  let word = '';
  for (const character of text) {
    if (Buffer.byteLength(word + character) > 45) {
      words.push(word);
      word = '';
    }
    word += character;
  }
  return [...words, word].map((one) => `=?utf-8?B?${Buffer.from(one, 'utf8').toString('base64')}?=`).join('\r\n ');
}

/** An address is part of a command line. */
function refuseUnsafe(address: string): void {
  if (!/^[^\s<>()[\]\\,;:"]+@[A-Za-z0-9.-]+$/.test(address)) throw new Error(`"${address}" is no mail address`);
}
