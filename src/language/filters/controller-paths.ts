// Filters that ask the controller what a path is.
import { elements, type Filter } from '../callable.ts';
import { type Controller, controllerOf } from '../controller.ts';
import { textOf } from '../text.ts';
import type { Value } from '../value.ts';
import { isList } from '../values.ts';

export const controllerPathFilters: Readonly<Record<string, Filter>> = {
  realpath: path((text, controller) => controller.realPath(text)),
  expanduser: path((text, controller) => controller.expandUser(text)),
  expandvars: path((text, controller) => controller.expandVariables(text)),
  fileglob: path((text, controller) =>
    controller.glob(text).filter((found) => controller.path(found)?.kind === 'file'),
  ),
};

function path(run: (text: string, controller: Controller) => Value): Filter {
  return {
    parameters: [],
    run: (value, _args, { scope, budget }) => {
      const controller = controllerOf(scope, 'its files');
      const one = (part: Value): Value => run(textOf(part, budget), controller);
      return isList(value) ? elements(value, budget).map(one) : one(value);
    },
  };
}
