// The program that tests of the balancer start: its sources, or what `npm test` has packed of them, which starts sooner.
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../../../src/proxy/main.ts', import.meta.url));

export const proxyMain = process.env['VEZA_TEST_PROXY'] ?? sources;
