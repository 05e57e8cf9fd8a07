// Filters on POSIX paths and URLs.
import { posix } from 'node:path';
import { fail } from '../budget.ts';
import { type Budget } from '../budget.ts';
import { elements, type Filter, textArgument } from '../callable.ts';
import { keyText, textOf } from '../text.ts';
import type { Value } from '../value.ts';
import { orElse, ownValue } from '../values.ts';

export const pathFilters: Readonly<Record<string, Filter>> = {
  basename: path((text) => text.slice(text.lastIndexOf('/') + 1)),
  dirname: path(dirname),
  normpath: path((text) => posix.normalize(text).replace(/(.)\/$/, '$1')),
  splitext: path(splitExtension),
  relpath: path((text, start) => posix.relative(start, text) || '.', ['start']),
  path_join: {
    parameters: ['paths'],
    rest: true,
    run: (value, args, { budget }) => {
      const parts = [...(typeof value === 'string' ? [value] : elements(value, budget)), ...args];
      return parts.map((part) => textOf(part ?? null, budget)).reduce(joinPath);
    },
  },
  urlsplit: {
    parameters: ['query'],
    run: (value, [part], { budget }) => urlSplit(textOf(value, budget), part),
  },
};

function path(run: (text: string, argument: string) => Value, parameters: readonly string[] = []): Filter {
  return {
    parameters,
    run: (value, [argument], { budget }: { readonly budget: Budget }) => {
      return run(textOf(value, budget), textArgument(argument, '/', budget));
    },
  };
}

function dirname(text: string): string {
  const head = text.slice(0, text.lastIndexOf('/') + 1);
  return /^\/*$/.test(head) ? head : head.replace(/\/+$/, '');
}

function splitExtension(text: string): readonly string[] {
  const [, root = text, extension = ''] = /^(.*?[^/.][^/]*?)(\.[^./]*)$/s.exec(text) ?? [];
  return extension === '' ? [text, ''] : [root, extension];
}

function joinPath(left: string, right: string): string {
  if (right.startsWith('/') || left === '') return right;
  return left.endsWith('/') ? left + right : `${left}/${right}`;
}

function urlSplit(text: string, part: Value | undefined): Value {
  const match = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(text);
  const [, scheme = '', netloc = '', pathname = '', query = '', fragment = ''] = match ?? [];
  const at = netloc.lastIndexOf('@');
  const [username = null, password = null] = at === -1 ? [] : netloc.slice(0, at).split(/:(.*)/s);
  const [, hostname = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?/.exec(netloc.slice(at + 1)) ?? [];
  const parts = {
    scheme: scheme.toLowerCase(),
    netloc,
    path: pathname,
    query,
    fragment,
    username,
    password,
    hostname: hostname === '' ? null : hostname.replace(/^\[|\]$/g, '').toLowerCase(),
    port: port === undefined ? null : Number(port),
  };
  if (part === undefined || part === '') return parts;
  const failure = (): never => fail(`a URL has no part '${keyText(part)}'`, Object.keys(parts).join(', '));
  return orElse(ownValue(parts, keyText(part)), failure);
}
