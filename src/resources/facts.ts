// What a host is: its facts, under Ansible's names. Only ever looked at; one script for all of them, and no tool that a small system lacks.
import { rawShell } from '../lib/shell.ts';
import type { JsonObject } from '../lib/json.ts';
import type { ResourceKind } from '../core/resource.ts';
import { listLinks } from './facts/links.ts';
import { FactSource, mark } from './facts/source.ts';
import { collectorsOf } from './facts/subsets.ts';

export interface FactsId {
  /** Names of subsets, all of them chosen: see chosenSubsets. */
  readonly subsets: readonly string[];
  /** The folder of local facts. */
  readonly factPath: string;
  /** For each of the things that may not answer. */
  readonly timeoutSeconds: number;
}

export interface FactsState {
  /** By name, without `ansible_`. */
  readonly facts: JsonObject;
}

export const facts: ResourceKind<FactsId, FactsState> = {
  kind: 'facts',
  key: () => 'facts:host',
  merge: (first, second) => ({ ...first, subsets: [...new Set([...first.subsets, ...second.subsets])] }),
  covers: (known, asked) =>
    known.factPath === asked.factPath && asked.subsets.every((subset) => known.subsets.includes(subset)),
  probe: ([first, ...others]) => probe(others.reduce((all, one) => facts.merge?.(all, one) ?? all, first ?? nothing)),
  parse: (output, [id = nothing]) => {
    const source = new FactSource(output);
    // Interfaces bear names that others chose: those come first, so that they hide no fact.
    const found = collectorsOf(id.subsets, id.factPath).toReversed();
    const all = Object.assign({}, ...found.map((collector) => collector.parse(source))) as JsonObject;
    return new Map([[facts.key(id), { facts: all }]]);
  },
  apply: () => {
    throw new RangeError('facts are looked at, never set');
  },
  dependsOnAnything: () => true,
};

const nothing: FactsId = { subsets: [], factPath: '/', timeoutSeconds: 1 };

function probe({ subsets, factPath, timeoutSeconds }: FactsId): ReturnType<typeof rawShell> {
  const chosen = collectorsOf(subsets, factPath);
  const files = [...new Set(chosen.flatMap(({ files: own = [] }) => own))];
  const needsLinks = subsets.some((subset) => ['network', 'devices', 'mounts'].includes(subset));
  const seconds = Math.max(1, Math.ceil(timeoutSeconds));
  return rawShell(
    [
      'exec 2>/dev/null',
      `vz() { printf '\\${mark.charCodeAt(0).toString(8).padStart(3, '0')}%s\\n' "$1"; }`,
      `vz_limit=; timeout ${seconds} true && vz_limit="timeout ${seconds}"`,
      ...chosen.flatMap(({ script }) => (script === undefined ? [] : [script])),
      ...(needsLinks ? [listLinks] : []),
      // Names before lines: one process reads them all.
      ...(files.length > 0 ? [`vz files; grep -aHs '' ${files.join(' ')}`] : []),
      'vz end',
      ':',
    ].join('\n'),
  );
}
