// `npm run build`: packs veza-proxy into the one file that the haproxy role installs, and compiles the package for publishing.
import { rm } from 'node:fs/promises';
import { $ } from 'zx';
import { packProxy } from './pack-proxy.ts';

await rm('dist', { recursive: true, force: true });
await packProxy('dist/veza-proxy.mjs');
if (process.argv.includes('--package')) await $({ stdio: 'inherit' })`tsc --project tsconfig.build.json`;
