// Values that are known only when something is there, such as the address of a load balancer: `{{lb_ip}}`.
import { isUnknown, unknown, type Unknown } from '../core/unknown.ts';
import { VezaError } from '../lib/errors.ts';
import type { Infra } from './config/model.ts';

/** By name; unknown until what gives it is there. */
export type Outputs = ReadonlyMap<string, string | Unknown>;

/** The names that a file's resources give. */
export function outputNames({ loadBalancer }: Infra): readonly string[] {
  return loadBalancer ? ['lb_ip', 'lb_private_ip'] : [];
}

const reference = /\{\{\s*\.?(\w+)\s*\}\}/g;

/** Names of outputs in a text. */
export function referencesIn(text: string): readonly string[] {
  return [...text.matchAll(reference)].map(([, name = '']) => name);
}

/** A text with its references replaced; unknown where one of them is. Throws VezaError `unknown-output`. */
export function resolveReferences(text: string, outputs: Outputs): string | Unknown {
  const open: string[] = [];
  const resolved = text.replaceAll(reference, (_all, name: string) => {
    const value = outputs.get(name);
    if (value === undefined) {
      throw new VezaError('unknown-output', `{{${name}}} has no value`, {
        hint: 'What should give it does not exist.',
      });
    }
    if (!isUnknown(value)) return value;
    open.push(name);
    return '';
  });
  return open.length === 0 ? resolved : unknown(`{{${open.join('}}, {{')}}} is known after apply`);
}
