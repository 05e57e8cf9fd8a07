#!/usr/bin/env node
import { start } from './start.js';

await start('../src/cli/main.ts', '../dist/cli/main.js');
