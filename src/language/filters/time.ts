// Filters on points in time.
import { type Filter, flagArgument, numberArgument, textArgument } from '../callable.ts';
import { controllerOf } from '../controller.ts';
import { dateTimeText, readDateTime } from '../date-time.ts';
import { textOf } from '../text.ts';

export const timeFilters: Readonly<Record<string, Filter>> = {
  to_datetime: {
    parameters: ['format'],
    run: (value, [format], { budget }) =>
      readDateTime(textOf(value, budget), textArgument(format, '%Y-%m-%d %H:%M:%S', budget)),
  },
  /** The value is the format. Without `second` it is now. */
  strftime: {
    parameters: ['second', 'utc'],
    run: (value, [second, utc], { scope, budget }) => {
      const isUtc = flagArgument(utc, false);
      const given = second === undefined || second === null ? null : numberArgument(second, 0, 'second') * 1000;
      const controller = given === null || !isUtc ? controllerOf(scope, 'the time') : null;
      const timeMs = given ?? controller?.now() ?? 0;
      const offset = isUtc ? 0 : (controller?.zoneOffset(timeMs) ?? 0);
      return dateTimeText(timeMs + offset * 60_000, textOf(value, budget), offset);
    },
  },
};
