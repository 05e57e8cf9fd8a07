// Filters that choose: `random`, `shuffle`, and passwords with a random salt.
import { type Call, elements, type Args, type Filter, integerArgument, textArgument } from '../callable.ts';
import { fail } from '../budget.ts';
import { controllerOf } from '../controller.ts';
import { type Chance, freeChance, seededChance, shuffled } from '../mersenne.ts';
import { hashPassword, randomSalt } from '../passwords.ts';
import { textOf } from '../text.ts';
import type { Value } from '../value.ts';
import { isList, kindOf } from '../values.ts';

export const chanceFilters: Readonly<Record<string, Filter>> = {
  random: { parameters: ['start', 'step', 'seed'], run: random },
  shuffle: {
    parameters: ['seed'],
    run: (value, [seed], call) => shuffled(elements(value, call.budget), chanceOf(seed, call)),
  },
  password_hash: { parameters: ['hashtype', 'salt', 'salt_size', 'rounds', 'ident'], run: passwordHash },
};

/** Chance that is the same for a seed, on every run and in Ansible. */
function chanceOf(seed: Value | undefined, { scope, budget }: Call): Chance {
  if (seed === undefined || seed === null) return freeChance(() => controllerOf(scope, 'a random number').random());
  return seededChance(typeof seed === 'number' ? seed : textOf(seed, budget));
}

/** A number below another one, or an item of a list. */
function random(value: Value, [start, step, seed]: Args, call: Call): Value {
  const chance = chanceOf(seed, call);
  if (typeof value === 'number') {
    const [from, by] = [integerArgument(start ?? undefined, 0), integerArgument(step ?? undefined, 1)];
    if (by === 0) fail('the step of random cannot be 0');
    const count = Math.ceil((integerArgument(value, 0) - from) / by);
    if (count < 1) fail(`there is no number from ${from} up to ${value}`);
    return from + by * chance.below(count);
  }
  if (start !== undefined && start !== null) fail("'start' and 'step' of random are for numbers, not for lists");
  if (typeof value !== 'string' && !isList(value)) fail(`random needs a number or a list, not ${kindOf(value)}`);
  const items = elements(value, call.budget);
  return items[chance.below(items.length)] ?? fail('there is nothing to choose from');
}

/** A hash for /etc/shadow. Without a salt it differs each time, so that a task that uses it never comes to rest. */
function passwordHash(value: Value, [type, salt, saltSize, rounds, ident]: Args, call: Call): Value {
  const { budget } = call;
  if (ident !== undefined && ident !== null) fail("'ident' is for bcrypt, which is not supported");
  const count = rounds === undefined || rounds === null ? {} : { rounds: integerArgument(rounds, 5000) };
  budget.spend(Math.ceil((count.rounds ?? 5000) / 50));
  const given = salt === undefined || salt === null ? null : textOf(salt, budget);
  const used = given ?? randomSalt(integerArgument(saltSize ?? undefined, 16), chanceOf(undefined, call));
  const password =
    typeof value === 'string' || typeof value === 'number'
      ? textOf(value, budget)
      : fail(`a password is a text, not ${kindOf(value)}`);
  return hashPassword(password, { type: textArgument(type ?? undefined, 'sha512', budget), salt: used, ...count });
}
