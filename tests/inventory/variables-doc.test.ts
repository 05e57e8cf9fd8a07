// docs/variables.md is made from the table of precedence: it must be what the table says now.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { variablesDoc } from '../../scripts/variables-doc.ts';

it('is current (else: node scripts/variables-doc.ts)', () => {
  expect(readFileSync(resolve(import.meta.dirname, '../../docs/variables.md'), 'utf8')).toBe(variablesDoc());
});
