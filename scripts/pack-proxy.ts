// Packs veza-proxy into one file that runs on a host with nothing but Node.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { rolldown } from 'rolldown';
import { fileURLToPath } from 'node:url';

/** Writes the whole program, its dependencies included, as one ES module to `outFile`. */
export async function packProxy(outFile: string): Promise<void> {
  await using bundle = await rolldown({
    input: fileURLToPath(new URL('../src/proxy/main.ts', import.meta.url)),
    platform: 'node',
    external: [/^node:/],
  });
  const { output } = await bundle.generate({ format: 'esm', banner: '#!/usr/bin/env node', codeSplitting: false });
  await mkdir(dirname(outFile), { recursive: true });
  await writeFile(outFile, inAscii(output[0].code));
}

/**
 * One character beyond Latin-1 makes V8 keep the whole text with two bytes for each, 3 MB more in every process. Such
 * characters stand in strings, regular expressions and comments, where their escapes mean the same.
 */
function inAscii(code: string): string {
  const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return code.replaceAll(/\P{ASCII}/gu, (character) => character.split('').map(escaped).join(''));
}

if (import.meta.main) {
  const [, , outFile] = process.argv;
  if (outFile === undefined) throw new Error('usage: node scripts/pack-proxy.ts OUTFILE');
  await packProxy(outFile);
}
