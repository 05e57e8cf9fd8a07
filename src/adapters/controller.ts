// The controller as expressions see it: lookups, files, time and chance.
import { randomBytes } from 'node:crypto';
import { globSync, lstatSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Controller, ControllerPath } from '../language/controller.ts';
import { lookupPlugins } from './lookups/index.ts';
import type { RenderFile } from './lookups/template.ts';

/** `render` is what the `template` lookup renders with. */
export function createController(render: RenderFile): Controller {
  const plugins = lookupPlugins(render);
  return {
    lookup: (plugin, request) => plugins.get(plugin)?.(request) ?? null,
    lookups: [...plugins.keys()],
    now: () => Date.now(),
    zoneOffset: (timeMs) => -new Date(timeMs).getTimezoneOffset(),
    random: () => Number(randomBytes(8).readBigUInt64BE() >> 11n) / 2 ** 53,
    path: pathOf,
    realPath,
    expandUser,
    expandVariables: (text) =>
      text.replace(/\$(?:(\w+)|\{([^}]+)\})/g, (written, plain?: string, braced?: string) => {
        return process.env[plain ?? braced ?? ''] ?? written;
      }),
    glob: (pattern) => globSync(pattern).sort(),
  };
}

function pathOf(path: string): ControllerPath | null {
  const link = lstatSync(path, { throwIfNoEntry: false });
  if (!link) return null;
  const target = statSync(path, { throwIfNoEntry: false });
  const parent = lstatSync(dirname(resolve(path)), { throwIfNoEntry: false });
  const kind = target === undefined ? null : target.isFile() ? 'file' : target.isDirectory() ? 'directory' : 'other';
  const isMount = !link.isSymbolicLink() && link.isDirectory() && (resolve(path) === '/' || parent?.dev !== link.dev);
  return { kind, isLink: link.isSymbolicLink(), isMount, realPath: realPath(path) };
}

function realPath(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch {
    const parent = dirname(whole);
    return parent === whole ? whole : resolve(realPath(parent), whole.slice(parent.length).replace(/^\/+/, ''));
  }
}

function expandUser(path: string): string {
  const [, user, rest = ''] = /^~([^/]*)(\/.*)?$/s.exec(path) ?? [];
  if (user === undefined) return path;
  if (user === '') return (process.env['HOME'] ?? homedir()) + rest;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${user}:`));
  const home = line?.split(':')[5];
  return home === undefined ? path : home + rest;
}
