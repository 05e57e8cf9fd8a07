// Parts of a checked YAML document by their kinds: what is not there is empty.
import { textOf, valueOf, type YamlMap, type YamlNode } from '../../lib/yaml-node.ts';

export function entriesOf(
  node: YamlNode | undefined,
): readonly (YamlMap['entries'] extends ReadonlyMap<string, infer E> ? E : never)[] {
  return node?.kind === 'map' ? [...node.entries.values()] : [];
}

export function itemsOf(node: YamlNode | undefined): readonly YamlNode[] {
  return node?.kind === 'list' ? node.items : [];
}

export function textsOf(node: YamlNode | undefined): readonly string[] {
  return itemsOf(node).flatMap((item) => textOf(item) ?? []);
}

export function text(node: YamlNode, key: string): string {
  return textOf(valueOf(node, key)) ?? '';
}

export function scalarText(node: YamlNode | undefined): string | undefined {
  return node?.kind === 'scalar' && node.value !== null ? String(node.value) : undefined;
}

export function numberOf(node: YamlNode | undefined, otherwise: number): number {
  return node?.kind === 'scalar' && typeof node.value === 'number' ? node.value : otherwise;
}

export function flag(node: YamlNode, key: string): boolean {
  const value = valueOf(node, key);
  return value?.kind === 'scalar' && value.value === true;
}

export function oneOf<const T extends string>(value: string, choices: readonly [T, ...T[]]): T {
  return choices.find((choice) => choice === value) ?? choices[0];
}

export function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Partial<Record<K, V>>);
}
