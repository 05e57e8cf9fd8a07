// `npm run build`: packs veza-proxy into the folder that the haproxy role installs.
// With --package it compiles everything for publishing, too.
import { rm } from 'node:fs/promises';
import { $ } from 'zx';
import { packProxy } from './pack-proxy.ts';

if (process.argv.includes('--package')) {
  await rm('dist', { recursive: true, force: true });
  const { exitCode } = await $({ stdio: 'inherit', nothrow: true })`tsc --project tsconfig.build.json`;
  process.exitCode = exitCode ?? 1;
}
await packProxy('dist/veza-proxy');
