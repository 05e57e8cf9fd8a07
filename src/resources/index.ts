// The registry of resource kinds, sorted by name. A test checks that it is complete.
import type { AnyResourceKind } from '../core/resource.ts';
import { facts } from './facts.ts';
import { file } from './file.ts';
import { group } from './group.ts';
import { packageKind } from './package.ts';
import { packageLists } from './package-lists.ts';
import { run } from './run.ts';
import { systemd } from './systemd.ts';
import { tree } from './tree.ts';
import { unit } from './unit.ts';
import { user } from './user.ts';

export const resources: readonly AnyResourceKind[] = [
  facts,
  file,
  group,
  packageKind,
  packageLists,
  run,
  systemd,
  tree,
  unit,
  user,
];
