// Owner, group and mode: the arguments that every module about files has, and what they want of a file.
import { VezaError } from '../../lib/errors.ts';
import { want, type Want } from '../../core/resource.ts';
import { defaultMode, resolveMode } from '../../resources/file/mode.ts';
import type { FileFacts, FileType } from '../../resources/file/state.ts';
import { group } from '../../resources/group.ts';
import { user } from '../../resources/user.ts';

export const attributeProperties = {
  owner: { type: ['string', 'integer'], description: 'Name (or number) of the user that owns it.' },
  group: { type: ['string', 'integer'], description: 'Name (or number) of the group that owns it.' },
  mode: {
    type: 'string',
    minLength: 1,
    description: 'Permissions: an octal number in quotes ("0644"), or symbolic ("u=rw,g=r,o=").',
    $comment: 'Write the mode in quotes: YAML reads a bare 0644 as the number 420 or 644, which is not what you mean.',
  },
} as const;

export interface Attributes {
  readonly owner?: string | number;
  readonly group?: string | number;
  readonly mode?: string;
}

export function attributesOf(args: {
  readonly owner?: string | number;
  readonly group?: string | number;
  readonly mode?: string;
}): Attributes {
  return {
    ...(args.owner !== undefined && { owner: numberOrName(args.owner) }),
    ...(args.group !== undefined && { group: numberOrName(args.group) }),
    ...(args.mode !== undefined && { mode: args.mode }),
  };
}

/** What the arguments say of something that is, or that is to be made. */
export function wantedAttributes(
  attributes: Attributes,
  current: FileFacts | null,
  type: FileType,
): Partial<FileFacts> {
  const { owner, group: wantedGroup, mode } = attributes;
  return {
    ...(typeof owner === 'string' && { owner }),
    ...(typeof owner === 'number' && { uid: owner }),
    ...(typeof wantedGroup === 'string' && { group: wantedGroup }),
    ...(typeof wantedGroup === 'number' && { gid: wantedGroup }),
    ...(mode !== undefined && type !== 'link' && { mode: resolveMode(mode, current?.mode ?? defaultMode(type), type) }),
  };
}

/** The owner and the group must be there, or be made by an earlier task; a dry run says so as the run would. */
export function accountWants(attributes: Attributes): Want[] {
  const { owner, group: wantedGroup } = attributes;
  const wants: Want[] = [];
  if (typeof owner === 'string' && owner !== 'root') {
    wants.push(want(user, { name: owner }, (current) => present(current, 'user', owner)));
  }
  if (typeof wantedGroup === 'string' && wantedGroup !== 'root') {
    wants.push(want(group, { name: wantedGroup }, (current) => present(current, 'group', wantedGroup)));
  }
  return wants;
}

function present(current: object | null, kind: string, name: string): object {
  if (current) return {};
  throw new VezaError(`unknown-${kind}`, `there is no ${kind} "${name}" on the host`, {
    hint: `Create it in an earlier task (${kind}: name=${name}).`,
  });
}

function numberOrName(value: string | number): string | number {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
}
