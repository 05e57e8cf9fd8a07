#!/usr/bin/env node
import { start } from './start.js';

await start('../src/proxy/main.ts', '../dist/proxy/main.js');
