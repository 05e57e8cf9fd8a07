// Packs veza-proxy into a folder that runs on a host with nothing but Node: veza-proxy.mjs, and parts that are loaded when
// they are needed. Master and workers hold in memory what they loaded, so none of them should load what only others need.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import { fileURLToPath } from 'node:url';

/** The program in the folder. */
export const packedName = 'veza-proxy.mjs';

/** Writes the whole program, its dependencies included, as ES modules to `folder`, which holds nothing else afterwards. */
export async function packProxy(folder: string): Promise<void> {
  await using bundle = await rolldown({
    input: fileURLToPath(new URL('../src/proxy/main.ts', import.meta.url)),
    platform: 'node',
    external: [/^node:/],
  });
  const { output } = await bundle.generate({
    format: 'esm',
    entryFileNames: packedName,
    // A running master loads parts of its own version only, whatever lies beside them by then.
    chunkFileNames: 'parts/[name]-[hash].mjs',
    banner: ({ isEntry }) => (isEntry ? '#!/usr/bin/env node' : ''),
  });
  await rm(folder, { recursive: true, force: true });
  for (const part of output) {
    if (part.type !== 'chunk') throw new Error(`${part.fileName} is no code`);
    const file = join(folder, part.fileName);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, inAscii(part.code));
  }
}

/**
 * One character beyond Latin-1 makes V8 keep the whole text with two bytes for each. Such characters stand in strings,
 * regular expressions and comments, where their escapes mean the same.
 */
function inAscii(code: string): string {
  const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return code.replaceAll(/\P{ASCII}/gu, (character) => character.split('').map(escaped).join(''));
}

if (import.meta.main) {
  const [, , folder] = process.argv;
  if (folder === undefined) throw new Error('usage: node scripts/pack-proxy.ts FOLDER');
  await packProxy(folder);
}
