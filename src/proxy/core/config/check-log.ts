// What a schema cannot say of logs: variables of formats, what is captured.
import { formatNames } from '../logging/access-format.ts';
import { formatProblems } from '../logging/log-format.ts';
import { type Add, checkPlaceholders } from './check-handling.ts';
import { nearName } from './explain.ts';
import type { ConfigDocument } from './read.ts';

/** All problems of `log`. */
export function checkLog(log: ConfigDocument['log'], add: Add): void {
  const { format, capture } = log;
  if (!format.includes('%')) {
    if (!formatNames.includes(format))
      add(
        'bad-value',
        `log.format must be one of ${formatNames.join(', ')}, or a text with variables such as %ci`,
        ['log', 'format'],
        nearName(format, formatNames),
      );
  } else {
    for (const { message, hint } of formatProblems(format)) add('bad-format', message, ['log', 'format'], hint);
  }
  for (const side of ['request', 'response'] as const) {
    capture[side].forEach((each, index) => {
      if (typeof each === 'string') return;
      const path = ['log', 'capture', side, index];
      if ((each.header === undefined) === (each.text === undefined))
        add('bad-value', 'what is captured is either a `header` or a `text`', path);
      if (each.text !== undefined) checkPlaceholders(each.text, [...path, 'text'], add);
    });
  }
}
