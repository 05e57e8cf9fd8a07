// A program of its own: asks Hetzner Cloud for servers and networks and prints them. Inventories are read all at once, without
// waiting for anything; so whoever reads one runs this, with the question on its standard input, where no one sees the token.
import { text } from 'node:stream/consumers';
import { systemClock } from '../../adapters/clock.ts';
import { HetznerCloud } from '../../infra/hetzner-cloud/client.ts';
import { VezaError } from '../../lib/errors.ts';
import { createRedactor } from '../../lib/redact.ts';
import type { Answer, Question } from './fetch.ts';

process.stdout.write(JSON.stringify(await answer(JSON.parse(await text(process.stdin)) as Question)));

async function answer({ token, endpoint, selector, networks }: Question): Promise<Answer> {
  const clock = { ...systemClock, random: () => Math.random() };
  const base = endpoint === undefined ? {} : { baseUrl: endpoint };
  const cloud = new HetznerCloud({ token, clock, redactor: createRedactor(), ...base });
  try {
    const servers = await cloud.servers(undefined, selector);
    return { servers, networks: networks ? await cloud.networks() : [] };
  } catch (error) {
    if (!(error instanceof VezaError)) throw error;
    const { code, message, hint } = error;
    return { error: { code, message, ...(hint !== undefined && { hint }) } };
  }
}
