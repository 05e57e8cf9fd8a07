// Waits a while, or for somebody at the terminal.
import { defineControl } from '../core/module.ts';

export default defineControl({
  name: 'pause',
  summary: 'Wait for a time, or until somebody at the terminal answers.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      seconds: { type: 'number', minimum: 0, description: 'How long to wait.' },
      minutes: { type: 'number', minimum: 0, description: 'How long to wait, in minutes.' },
      prompt: {
        type: 'string',
        description:
          'What to ask. Without `seconds` and `minutes` the run goes on with the answer; where there is no terminal it goes on at once.',
      },
      echo: { type: 'boolean', default: true, description: 'Show what is typed.' },
    },
  },
  examples: [
    { title: 'Let the service warm up', args: { seconds: 10 } },
    { title: 'Ask before going on', args: { prompt: 'The canary is up. Go on?' } },
  ],
  returns: { user_input: 'What was answered.', stdout: 'How long it took, in words.', delta: 'Seconds.' },
  dryRun: 'Nothing is waited for.',
  control: (args, context) => {
    const timed = args.seconds !== undefined || args.minutes !== undefined;
    const seconds = (args.seconds ?? 0) + 60 * (args.minutes ?? 0);
    const echo = args.echo ?? true;
    const base = { rc: 0, stderr: '', echo, user_input: '' };
    if (context.checkMode) return { result: { ...base, delta: 0, stdout: 'not paused in a dry run' } };
    if (timed)
      return {
        pause: { kind: 'sleep', milliseconds: 1000 * seconds },
        ...(args.prompt === undefined ? {} : { message: args.prompt }),
        result: { ...base, delta: seconds, stdout: `Paused for ${seconds} seconds` },
      };
    return { pause: { kind: 'ask', prompt: args.prompt ?? 'Press enter to continue', echo }, result: base };
  },
});
