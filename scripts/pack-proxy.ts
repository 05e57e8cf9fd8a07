// Packs veza-proxy into one file that runs on a host with nothing but Node.
import { rolldown } from 'rolldown';
import { fileURLToPath } from 'node:url';

/** Writes the whole program, its dependencies included, as one ES module to `outFile`. */
export async function packProxy(outFile: string): Promise<void> {
  await using bundle = await rolldown({
    input: fileURLToPath(new URL('../src/proxy/main.ts', import.meta.url)),
    platform: 'node',
    external: [/^node:/],
  });
  await bundle.write({
    file: outFile,
    format: 'esm',
    banner: '#!/usr/bin/env node',
    codeSplitting: false,
  });
}

if (import.meta.main) {
  const [, , outFile] = process.argv;
  if (outFile === undefined) throw new Error('usage: node scripts/pack-proxy.ts OUTFILE');
  await packProxy(outFile);
}
