// Finds and reads configurations: a file, a folder of files, or a text that was handed in. What they say is judged in core.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Diagnostic, Position } from '../../lib/diagnostic.ts';
import { DiagnosticsError, messageOf, VezaError } from '../../lib/errors.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import type { Path } from '../core/config/places.ts';
import { inOrder, judgeTree, type ReadConfigResult, readSources } from '../core/config/read.ts';
import type { Source } from '../core/config/tree.ts';
import type { NamedFiles } from '../core/config/named-files.ts';
import { convertFile } from '../core/convert/convert.ts';
import type { Conversion } from '../core/convert/haproxy/convert.ts';
import type { Environment } from '../core/config/variables.ts';
import { type ChangedPatterns, type PatternList, unchanged } from '../core/patterns/pattern-list.ts';
import { ofThisMachine, withLocalPeer } from './local-peer.ts';
import { ReadFiles } from './read-files.ts';
import { outdatedCode, readTlsFiles } from './tls-files.ts';
import type { TlsMaterial } from './tls-material.ts';

/** What a configuration is read from. `name` of a text stands in messages; its ending says the format. */
export type ConfigOrigin = { readonly path: string } | { readonly text: string; readonly name?: string };

/** `run`: a certificate that expired is a warning, since everything else must go on. */
export type Purpose = 'run' | 'validate';

/** A configuration that was read and found good, but for the files that it names. */
export interface SoundConfig {
  readonly config: ProxyConfig;
  readonly warnings: readonly Diagnostic[];
  readonly texts: ReadonlyMap<string, string>;
  /** All it says, variables filled in, before defaults. */
  readonly document: Readonly<Record<string, unknown>>;
  /** SHA-256 of the document. */
  readonly hash: string;
  readonly name: string;
  /** What it was made of besides: plugins, pages, maps. */
  readonly files: readonly string[];
  /** The place of a value. */
  readonly where: (path: Path) => Position;
  /** The same as long as the files are not read again, whatever commands change. */
  readonly patterns: PatternSource;
}

/** Lists of patterns that commands may change while a configuration runs. */
export interface PatternSource {
  readonly lists: readonly PatternList[];
  /** What was read then, with lists as they are now. Throws ConfigError. */
  readonly again: (changed: ChangedPatterns) => ProxyConfig;
}

/** The same with what is in the files that it names. */
export interface LoadedConfig extends SoundConfig {
  /** Without them: to read them again. */
  readonly sound: SoundConfig;
  readonly tls: TlsMaterial;
}

/** What became of a configuration that was to be applied. */
export interface ApplyResult {
  readonly ok: boolean;
  /** All that is wrong in its files, or warned of. */
  readonly problems: readonly Diagnostic[];
  /** Why it was refused, as text; undefined if it runs. */
  readonly message: string | undefined;
  /** Of what runs now. */
  readonly hash: string;
}

/** Problems of configuration files together with their texts, for showing the lines. */
export class ConfigError extends DiagnosticsError {
  readonly texts: ReadonlyMap<string, string>;
  constructor(diagnostics: readonly Diagnostic[], texts: ReadonlyMap<string, string>) {
    super(diagnostics);
    this.texts = texts;
  }
}

/** Reads and checks a configuration, and the files that it names; throws ConfigError or VezaError. */
export function loadConfig(
  from: string | ConfigOrigin,
  purpose: Purpose,
  environment: Environment = process.env,
): LoadedConfig {
  return withFiles(soundConfig(from, environment), purpose);
}

/** Reads and checks a configuration alone: who asks what it says need not be able to read keys. */
export function soundConfig(from: string | ConfigOrigin, given: Environment = process.env): SoundConfig {
  const environment = { ...given, ...ofThisMachine(given) };
  const origin = typeof from === 'string' ? { path: from } : from;
  const name = 'path' in origin ? origin.path : (origin.name ?? 'configuration.yml');
  const sources = sourcesOf(origin, name);
  const [source] = sources;
  const files = new ReadFiles();
  const judged = (changed: ChangedPatterns): Judged => {
    const conversion = source && sources.length === 1 ? convertSource(source, environment, files, changed) : undefined;
    if (conversion) return { result: judgedAs(conversion, environment, files.named), lists: conversion.lists };
    return { result: readSources(sources, environment, files.named), lists: [] };
  };
  const { result, lists } = judged(unchanged);
  const read = sound(result, name, files.names);
  const again = (changed: ChangedPatterns): ProxyConfig => sound(judged(changed).result, name).config;
  return lists.length === 0 ? read : { ...read, patterns: { lists, again } };
}

interface Judged {
  readonly result: ReadConfigResult;
  readonly lists: readonly PatternList[];
}

/** Converts a file of another balancer; files that it names are read beside it. Undefined for one of our own. */
export function convertSource(
  source: Source,
  environment: Environment = process.env,
  files = new ReadFiles(),
  changed: ChangedPatterns = unchanged,
): Conversion | undefined {
  return convertFile(source, withLocalPeer(environment), (path) => files.text(path, source.file), changed);
}

/** A converted configuration runs only if it does what it did: what would let others in or lead elsewhere refuses it. */
function judgedAs({ tree, notes }: Conversion, environment: Environment, files: NamedFiles): ReadConfigResult {
  const told = notes.filter(({ severity }) => severity !== 'info');
  return judgeTree({ ...tree, diagnostics: [...tree.diagnostics, ...told] }, environment, files);
}

/** A result of reading as what it is good for; throws ConfigError. */
export function sound(result: ReadConfigResult, name: string, files: readonly string[] = []): SoundConfig {
  if (!result.ok) throw new ConfigError(result.diagnostics, result.texts);
  const { config, diagnostics, texts, document, where } = result;
  const patterns = { lists: [], again: () => config };
  return { config, warnings: diagnostics, texts, document, hash: hashOf(document), name, files, where, patterns };
}

/** Reads the certificates and keys that a configuration names; throws ConfigError. */
export function withFiles(from: SoundConfig, purpose: Purpose): LoadedConfig {
  const { material, diagnostics } = readTlsFiles(from.config, from.where, Date.now());
  const found = diagnostics.map((problem) =>
    purpose === 'run' && problem.code === outdatedCode ? { ...problem, severity: 'warning' as const } : problem,
  );
  const warnings = inOrder([...from.warnings, ...found]);
  if (warnings.some(({ severity }) => severity === 'error')) throw new ConfigError(warnings, from.texts);
  return { ...from, sound: from, tls: material, warnings };
}

export function hashOf(document: unknown): string {
  return createHash('sha256').update(JSON.stringify(document)).digest('hex');
}

function sourcesOf(origin: ConfigOrigin, name: string): readonly Source[] {
  return 'text' in origin ? [{ file: name, text: origin.text }] : readFiles(origin.path);
}

const endings: ReadonlySet<string> = new Set(['.yml', '.yaml', '.json']);
/** HAProxy's own files, converted as they are read. */
const haproxyEnding = '.cfg';

/** The texts of a file, or of the files of a folder in the order of their names. Throws VezaError. */
export function readFiles(path: string): readonly Source[] {
  try {
    if (!statSync(path).isDirectory()) return [readOne(path)];
    const files = readdirSync(path, { withFileTypes: true })
      .filter((entry) => endings.has(extname(entry.name)) && !entry.name.startsWith('.') && !entry.isDirectory())
      .map((entry) => join(path, entry.name))
      .toSorted();
    if (files.length > 0) return files.map(readOne);
  } catch (error) {
    if (error instanceof VezaError) throw error;
    throw new VezaError('cannot-read', `cannot read ${path}: ${messageOf(error)}`, {
      hint: 'Give the path of a YAML or JSON file, or of a folder with such files.',
    });
  }
  throw new VezaError('cannot-read', `there is no .yml, .yaml or .json file in ${path}`);
}

function readOne(file: string): Source {
  const ending = extname(file);
  if (!endings.has(ending) && ending !== haproxyEnding) {
    const message = ending === '' ? 'invalid path provided (no extension)' : 'unsupported config extension';
    throw new VezaError('cannot-read', `${file}: ${message}`, {
      hint: 'Name the file .yml, .yaml or .json, or .cfg if it is a haproxy.cfg.',
    });
  }
  return { file, text: readFileSync(file, 'utf8') };
}
