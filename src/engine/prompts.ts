// Asks what plays ask (`vars_prompt`), all of it before anything is touched.
import { constantValue } from '../language/templated.ts';
import { createScope } from '../language/scope.ts';
import type { Templated, Variables } from '../language/value.ts';
import { VezaError } from '../lib/errors.ts';
import type { Play, Prompt } from '../playbook/ast.ts';
import { overSignal, type EngineOptions } from './options.ts';

/** How often answers that are to be the same may differ. */
const confirmations = 3;

/** The answers of each play. What extra variables give is not asked. Throws VezaError `no-answer`. */
export async function askPrompts(options: EngineOptions): Promise<ReadonlyMap<Play, Variables>> {
  const answers = new Map<Play, Variables>();
  for (const play of options.playbooks.flatMap(({ plays }) => plays)) {
    const given = new Map<string, Templated>();
    for (const prompt of play.prompts) {
      if (!options.extraVars.has(prompt.name)) given.set(prompt.name, await answerTo(options, prompt));
    }
    answers.set(play, given);
  }
  return answers;
}

/** What was answered: who runs the same playbooks twice (to apply a plan, to see that nothing changes) is asked once. */
const answered = new WeakMap<Prompt, { readonly secret: string | null; readonly value: Templated }>();

async function answerTo(options: EngineOptions, prompt: Prompt): Promise<Templated> {
  const known = answered.get(prompt) ?? (await askFor(options, prompt));
  answered.set(prompt, known);
  if (known.secret !== null) options.redactor.add(known.secret);
  return known.value;
}

async function askFor(
  options: EngineOptions,
  prompt: Prompt,
): Promise<{ readonly secret: string | null; readonly value: Templated }> {
  const answer = await confirmed(options, prompt);
  if (answer === null || (answer === '' && prompt.preset))
    return { secret: null, value: prompt.preset ?? nobodyAnswers(prompt) };
  const secret = prompt.isPrivate && answer !== '' ? answer : null;
  // What people type is data, never a template.
  if (!prompt.hash) return { secret, value: constantValue(answer, prompt.where) };
  const scope = createScope([{ kind: 'values', values: { answer } }], options.controller);
  return { secret, value: constantValue(prompt.hash.evaluate(scope), prompt.where) };
}

/** `null` where nobody can be asked. */
async function confirmed(options: EngineOptions, prompt: Prompt): Promise<string | null> {
  const { question, isPrivate } = prompt;
  const preset = prompt.preset?.constant && !isPrivate ? ` [${String(prompt.preset.raw)}]` : '';
  const { ask } = options;
  if (!ask) return null;
  const line = (text: string) => ask(text, { echo: !isPrivate, signal: overSignal(options) });
  for (let attempt = 0; attempt < confirmations; attempt += 1) {
    const answer = await line(`${question}${preset}: `);
    if (!prompt.confirm || (await line(`confirm ${question}: `)) === answer) return answer;
  }
  throw new VezaError('no-answer', `the answers to "${question}" were never the same`, { where: prompt.where });
}

function nobodyAnswers({ question, name, where }: Prompt): never {
  throw new VezaError('no-answer', `cannot ask "${question}" without a terminal`, {
    where,
    hint: `give the answer with --extra-vars ${name}=...`,
  });
}
