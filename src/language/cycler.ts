// `cycler` and `joiner`: Jinja's helpers that remember where they are.
import { fail } from './budget.ts';
import { liveFunction, type LiveObject } from './live.ts';
import { liveBrand, type Value } from './value.ts';

/** `next()` hands out the items in turn, without end. */
export function cycler(items: readonly Value[]): LiveObject {
  if (items.length === 0) return fail('cycler needs at least one item');
  let index = 0;
  const current = (): Value => items[index] ?? null;
  const functions: Readonly<Record<string, () => Value>> = {
    next: () => {
      const value = current();
      index = (index + 1) % items.length;
      return value;
    },
    reset: () => {
      index = 0;
      return null;
    },
  };
  return {
    [liveBrand]: 'the cycler',
    attribute: (name) => {
      if (name === 'current') return current();
      const run = Object.hasOwn(functions, name) ? functions[name] : undefined;
      return run && liveFunction(`the function '${name}' of a cycler`, run);
    },
    names: () => ['current', ...Object.keys(functions)],
  };
}

/** Nothing when it is called first, the separator each time after. */
export function joiner(separator: string): LiveObject {
  let used = false;
  return liveFunction('the joiner', () => {
    const text = used ? separator : '';
    used = true;
    return text;
  });
}
