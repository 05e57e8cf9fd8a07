// `npm run test:long`: what takes minutes and is not in CI. Words behind `--` go to vitest, such as the name of a file.
// Installs what the tests need where it may; elsewhere they are skipped by name.
import { $ } from 'zx';
import { installTestPackages, longTestPackages } from './test-packages.ts';

const say = (text: string) => process.stdout.write(`${text}\n`);
const hasApt = (await $({ nothrow: true, quiet: true })`command -v apt-get`).exitCode === 0;

if (hasApt && process.getuid?.() === 0) await installTestPackages(say, longTestPackages);
const { exitCode } = await $({ stdio: 'inherit', nothrow: true })`vitest run --project long ${process.argv.slice(2)}`;
process.exitCode = exitCode ?? 1;
