// Commands of the stats socket, in HAProxy's words: text -> what to do. Doing it is the caller's part.
import { entries } from './command-list.ts';
import { answer, type Command, type Entry, type SocketLevel, socketLevels } from './command.ts';
import { refusal } from './refused-commands.ts';

/** What a session of a level may say; of that, what begins with some words. */
export function helpText(level: SocketLevel, words: readonly string[] = []): string {
  const matching = entries.filter((each) => words.every((word, at) => each.words.split(' ')[at]?.startsWith(word)));
  return `The following commands are valid at this level:\n${usages(matching.length === 0 ? entries : matching, level)}`;
}

function usages(list: readonly Entry[], level: SocketLevel): string {
  return list
    .filter((each) => isAllowed(level, each.level))
    .map(({ usage }) => `  ${usage}\n`)
    .join('');
}

function isAllowed(level: SocketLevel, needed: SocketLevel): boolean {
  return socketLevels.indexOf(level) >= socketLevels.indexOf(needed);
}

/** Reads one command (without `;` and line end). `payload`: what followed a line that ended with `<<`. */
export function parseCommand(line: string, level: SocketLevel, payload?: string): Command {
  const words = line.trim().split(/\s+/);
  if (words[0] === '') return answer('');
  const found = entries.find((each) => each.words.split(' ').every((word, index) => words[index] === word));
  if (!found) return answer(refusal(words.join(' ')) ?? unknown(words, level));
  if (!isAllowed(level, found.level)) return answer('Permission denied\n');
  const command = found.read(words.slice(found.words.split(' ').length), payload);
  // All counters, and not only maxima, need the highest level, as in HAProxy.
  if (command.do === 'clear-counters' && command.all && level !== 'admin') return answer('Permission denied\n');
  return command;
}

/** Those that begin as it does, or all. */
function unknown(words: readonly string[], level: SocketLevel): string {
  const near = entries.filter((each) => each.words.split(' ')[0] === words[0]);
  return near.length > 0
    ? `Unknown command, but maybe one of the following ones is a better match:\n${usages(near, level)}`
    : `Unknown command. Please enter one of the following commands only:\n${usages(entries, level)}`;
}
