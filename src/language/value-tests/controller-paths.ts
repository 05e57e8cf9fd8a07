// Tests of paths on the controller.
import type { ValueTest } from '../callable.ts';
import { type ControllerPath, controllerOf } from '../controller.ts';
import { textOf } from '../text.ts';

const exists = test((path) => path !== null && path.kind !== null);
const directory = test((path) => path?.kind === 'directory');
const file = test((path) => path?.kind === 'file');
const link = test((path) => path?.isLink === true);
const mount = test((path) => path?.isMount === true);
const sameFile: ValueTest = {
  parameters: ['other'],
  required: 1,
  run: (value, [other = null], { scope, budget }) => {
    const controller = controllerOf(scope, 'its files');
    const [left, right] = [value, other].map((path) => controller.path(textOf(path, budget)));
    return left !== null && left !== undefined && left.realPath === right?.realPath;
  },
};

export const controllerPathTests: Readonly<Record<string, ValueTest>> = {
  exists,
  /** A link that leads nowhere is there too. */
  link_exists: test((path) => path !== null),
  directory,
  is_dir: directory,
  file,
  is_file: file,
  link,
  is_link: link,
  mount,
  is_mount: mount,
  same_file: sameFile,
  is_same_file: sameFile,
};

function test(holds: (path: ControllerPath | null) => boolean): ValueTest {
  return {
    parameters: [],
    run: (value, _args, { scope, budget }) => holds(controllerOf(scope, 'its files').path(textOf(value, budget))),
  };
}
