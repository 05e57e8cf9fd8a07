// Starts a program of this package on a Node.js that can run it. Plain JavaScript that any Node.js can read:
// on one that is too old it starts the pinned one (package node-<platform>-<arch>), or says what is needed.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

const oldest = [22, 19];

/** `source` and `built` are the program before and after the build, relative to this folder. */
export async function start(source, built) {
  const sourceFile = fileURLToPath(new URL(source, import.meta.url));
  const file = existsSync(sourceFile) ? sourceFile : fileURLToPath(new URL(built, import.meta.url));
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) {
    // Compiled code is kept between runs: half of the start-up time of a short command.
    if (nodeModule.enableCompileCache) nodeModule.enableCompileCache();
    const { main } = await import(file);
    // A program that says nothing has set its status itself.
    process.exitCode = (await main(process.argv.slice(2))) ?? process.exitCode;
    return;
  }
  const pinned = pinnedNode();
  if (pinned === null) {
    console.error(
      `error: Node.js ${oldest.join('.')} or later is needed, but this is ${process.versions.node}, and there is no pinned one for ${process.platform}-${process.arch}.\n` +
        '  help: install a later Node.js from https://nodejs.org, or run `npm ci` without --omit=optional',
    );
    process.exitCode = 1;
    return;
  }
  const { status, signal } = spawnSync(pinned, [process.argv[1], ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = signal ? 130 : (status ?? 1);
}

function pinnedNode() {
  try {
    return createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/bin/node`);
  } catch {
    return null;
  }
}
