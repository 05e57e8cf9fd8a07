// A converted configuration as YAML, with a comment at each part that says where it comes from.
import { Document, isCollection, isMap, isPair, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import type { ConfigTree } from '../config/tree.ts';
import { isContainer, entryOf } from '../config/places.ts';
import type { Diagnostic, Position } from '../../../lib/diagnostic.ts';

/** Values that are short enough stand in one line, up to here. */
const lineWidth = 110;

/** `notes`: what was not carried over is said on top. */
export function renderTree({ root, places }: ConfigTree, name: string, notes: readonly Diagnostic[]): string {
  const document = new Document(root, { aliasDuplicateObjects: false });
  const comment = (position: Position | undefined, above: Position | undefined): string | undefined =>
    position && position.line !== above?.line ? ` ${name}:${position.line}` : undefined;
  const visit = (node: unknown, value: unknown, above: Position | undefined, depth: number): void => {
    if (!isContainer(value) || !isCollection(node)) return;
    node.items.forEach((item, index) => {
      const key = isPair(item) && isScalar(item.key) ? String(item.key.value) : index;
      const child: unknown = isPair(item) ? item.value : item;
      const place = places.get(value, key)?.value;
      const inside = entryOf(value, key);
      const text = depth === 0 && isCollection(child) ? undefined : comment(place, above);
      const isFlow = isCollection(child) && depth > 0 && fits(inside);
      if (isFlow) (child as YAMLMap).flow = true;
      if (text !== undefined) attach(item, child, text, isFlow);
      if (!isFlow) visit(child, inside, place ?? above, depth + 1);
    });
  };
  visit(document.contents, root, undefined, 0);
  const left = notes
    .filter(({ severity }) => severity !== 'info')
    .map(({ where, message }) => ` - ${where?.line ?? 0}: ${message}`);
  document.commentBefore =
    ` Converted from ${name}.` + (left.length === 0 ? '' : `\n Not carried over:\n${left.join('\n')}`);
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

function attach(item: unknown, child: unknown, text: string, isFlow: boolean): void {
  if (isFlow || isScalar(child)) (child as Node).comment = text;
  else if (isPair(item) && isScalar(item.key)) item.key.commentBefore = text;
  else if (isMap(child) || isSeq(child)) {
    // Before its first key: `- # file:1` would stand alone.
    const [first] = child.items;
    if (isPair(first) && isScalar(first.key)) first.key.commentBefore = text;
    else child.commentBefore = text;
  }
}

/** Flat, or nearly, and short. */
function fits(value: unknown): boolean {
  const text = JSON.stringify(value);
  return text.length <= lineWidth && !/[\\\n]/.test(text);
}
