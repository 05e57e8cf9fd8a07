// What a module is: a schema, documentation, examples, and one of four ways to work.
// State modules say what they want of resources; control modules are functions of variables;
// contact modules talk to the network as seen from the host (uri, wait_for), through a port handed to them;
// cloud modules ask a service for things that are on no host (a server to be made, a DNS record): core/cloud.ts.
import type { ArgsOf, ArgsSchema } from './args.ts';
import type { Change } from './change.ts';
import type { CloudRequest } from './cloud-requests.ts';
import type { InventoryOrder, MetaAction, PauseOrder, VariablesRequest } from './orders.ts';
import type { Want } from './resource.ts';
import { unknown } from './unknown.ts';
import { VezaError } from '../lib/errors.ts';
import type { Json, JsonObject } from '../lib/json.ts';
import type { Script } from '../lib/shell.ts';

export type { ArgsOf, ArgsSchema };

export interface Example {
  readonly title: string;
  readonly args: JsonObject;
}

interface ModuleBase {
  /** Ansible's short name; also found as `ansible.builtin.<name>`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /**
   * JSON Schema (an object, additionalProperties false); every property has a description, secrets `writeOnly`.
   * A property's `$comment` is the hint for a value that does not fit.
   */
  readonly schema: ArgsSchema;
  /** Other names of arguments, as Ansible has them: `{ dest: 'path' }`. Put right by `canonicalArgs` before anything is checked. */
  readonly argumentAliases?: Readonly<Record<string, string>>;
  /** The argument that a free-form string stands for (`command: ls -l` is `cmd`). */
  readonly freeForm?: string;
  readonly examples: readonly Example[];
  /** It runs for the first host of a batch only, and what it does is for all (`add_host`), as with Ansible. */
  readonly oncePerBatch?: boolean;
  /** What `register` gets beside changed, failed, skipped and msg: names and what they hold. For the documentation. */
  readonly returns?: Readonly<Record<string, string>>;
  /** What a dry run does with it, where that is not what its kind says. For the documentation. */
  readonly dryRun?: string;
}

/** Files on the controller, read on demand. Paths are searched as Ansible does: role's folder, then the playbook's. */
export interface LocalFiles {
  /** Throws VezaError `file-not-found` naming every place that was searched. */
  find(path: string, kind: 'files' | 'templates'): LocalSource;
  /** All files below a folder, relative paths with `/`, sorted. */
  list(path: string, kind: 'files' | 'templates'): readonly LocalSource[] | null;
}

export interface LocalSource {
  readonly path: string;
  /** The path below the folder that was listed, or the base name. */
  readonly relativePath: string;
  readonly sizeBytes: number;
  readonly executable: boolean;
  /** Hex SHA-256; read once for each path and process. */
  sha256(): string;
  read(): Uint8Array;
}

/** What a module may look at besides its arguments. */
export interface ModuleContext {
  readonly taskName: string;
  readonly checkMode: boolean;
  readonly files: LocalFiles;
  /** Renders a template file of the controller (by extension: .hbs Handlebars, else Jinja) with the task's variables. Throws VezaError with the place. */
  render(source: LocalSource): string;
  /** The task's environment variables, already evaluated. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What became of a state module's wants. */
export interface Outcome {
  readonly changed: boolean;
  /** One for each want, in their order, those without a change (looks) included. */
  readonly changes: readonly OutcomeChange[];
  /** Of commands that ran (one step a want); absent in check mode and for no-ops. */
  readonly output?: StepOutput;
}

export interface OutcomeChange {
  readonly key: string;
  readonly change: Change<object>;
  readonly current: object | null;
  /** The state after the change (predicted or read back). */
  readonly state: object | null;
}

export interface StepOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** Names of facts, without `ansible_`. */
export interface FactNames {
  /** Those that every host has. */
  readonly names: readonly string[];
  /** Whether a host may have a fact of that name. */
  mayBe(name: string): boolean;
}

export interface StateModule<Args> extends ModuleBase {
  readonly kind: 'state';
  /** It only looks at the host, and the `ansible_facts` of its result are the host's facts from then on. */
  readonly gathers?: FactNames;
  wants(args: Args, context: ModuleContext): readonly Want[];
  /**
   * Values for `register` beside changed, failed, skipped; `null` where they are not known before it runs.
   * `failed: true` with a `msg` fails the task although every step succeeded (a command that only looked).
   */
  result?(outcome: Outcome, args: Args): JsonObject | null;
}

/** What a control module did: values for `register`, variables to set, or a failure. */
export interface ControlResult {
  readonly result?: JsonObject;
  readonly failed?: string;
  readonly facts?: JsonObject;
  /** Facts of the host, weaker than the variables of plays (`set_fact` with `cacheable`). */
  readonly hostFacts?: JsonObject;
  /** Files whose variables the host shall have. */
  readonly variables?: VariablesRequest;
  /** Text for people (`debug`). */
  readonly message?: Json;
  readonly meta?: MetaAction;
  /** What becomes of the inventory of the run. */
  readonly inventory?: InventoryOrder;
  /** Waits before the run goes on; what is answered is `user_input` of the result. */
  readonly pause?: PauseOrder;
}

export interface ControlModule<Args> extends ModuleBase {
  readonly kind: 'control';
  /** Arguments that are expressions, not templates (`that` of assert, `var` of debug): handed over unevaluated as strings. */
  readonly expressions?: readonly string[];
  control(args: Args, context: ControlContext): ControlResult;
}

export interface ControlContext {
  readonly taskName: string;
  readonly checkMode: boolean;
  /** How many times -v was given; 0 where left out. */
  readonly verbosity?: number;
  /** Evaluates an expression of the user's playbook in the task's scope. Throws VezaError with the place. */
  evaluate(expression: string): Json;
}

/** The network as the host sees it. */
export interface Contact {
  /** Opens a TCP connection from the host. Rejects with VezaError `connect-failed`. */
  dial(host: string, port: number, options: { readonly timeoutMs: number }): Promise<DuplexStream>;
  /**
   * One HTTP exchange from the host's own network; redirects are not followed here. Any status resolves.
   * Rejects with VezaError: `connect-failed` (refused, unreachable, TLS refused), `timeout`, `invalid-response`
   * (not HTTP, or a body beyond `maxBodyBytes`), `cancelled`.
   */
  request(options: HttpRequest): Promise<HttpResponse>;
  /** Runs a script that only reads. */
  look(script: Script): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }>;
  /** Rejects when `signal` (or the run) is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  now(): number;
  readonly signal: AbortSignal;
}

export interface HttpRequest {
  /** Absolute, http or https. User info in it is ignored. */
  readonly url: string;
  readonly method: string;
  /** Sent as given; Host, Content-Length and Connection are added where they are missing. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** From the start of the connect to the last byte of the body. */
  readonly timeoutMs: number;
  /** Bytes of a body that are kept; a longer one is refused. */
  readonly maxBodyBytes: number;
  /** https only: refuse certificates that do not verify for the host of the URL. */
  readonly verifyCertificates: boolean;
}

export interface HttpResponse {
  readonly status: number;
  readonly reason: string;
  /** Lower-case names; repeated ones joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Structurally a node:stream Duplex; named here so that the core imports no I/O. */
export interface DuplexStream {
  on(event: string, listener: (...args: never[]) => void): unknown;
  write(data: string | Uint8Array): boolean;
  end(): unknown;
  destroy(error?: Error): unknown;
}

export interface ContactResult {
  readonly result: JsonObject;
  readonly failed?: string;
}

export interface ContactModule<Args> extends ModuleBase {
  readonly kind: 'contact';
  /** Whether it changes nothing on the other side, so that a dry run may do it when nothing before it would change. */
  readOnly(args: Args): boolean;
  contact(args: Args, contact: Contact): Promise<ContactResult>;
}

export interface CloudModule<Args> extends ModuleBase {
  readonly kind: 'cloud';
  /** Throws VezaError `invalid-arguments` for what the schema cannot say. */
  asks(args: Args): CloudRequest;
}

/** A value for `register` that only a run can tell; expressions know it for what it is, and it is never printed. */
export function untold(reason: string): Json {
  return unknown(reason) as unknown as Json;
}

/** The arguments under their own names. Throws VezaError `duplicate-argument` where a name and an alias are both given. */
export function canonicalArgs(
  module: Pick<ModuleBase, 'name' | 'argumentAliases'>,
  args: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const named: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(args)) {
    const canonical = module.argumentAliases?.[name] ?? name;
    if (Object.hasOwn(named, canonical)) {
      const message = `${module.name}: "${name}" and "${canonical}" are the same argument, and given twice`;
      throw new VezaError('duplicate-argument', message, { hint: `Keep "${canonical}".` });
    }
    named[canonical] = value;
  }
  return named;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the registry holds modules of all argument types
export type AnyModule = StateModule<any> | ControlModule<any> | ContactModule<any> | CloudModule<any>;

/** Defines a state module; the argument type comes from the schema. */
export function defineModule<const S extends ArgsSchema>(
  module: Omit<StateModule<ArgsOf<S>>, 'kind' | 'schema'> & { readonly schema: S },
): StateModule<ArgsOf<S>> {
  return { ...module, kind: 'state' };
}

export function defineControl<const S extends ArgsSchema>(
  module: Omit<ControlModule<ArgsOf<S>>, 'kind' | 'schema'> & { readonly schema: S },
): ControlModule<ArgsOf<S>> {
  return { ...module, kind: 'control' };
}

export function defineContact<const S extends ArgsSchema>(
  module: Omit<ContactModule<ArgsOf<S>>, 'kind' | 'schema'> & { readonly schema: S },
): ContactModule<ArgsOf<S>> {
  return { ...module, kind: 'contact' };
}

export function defineCloud<const S extends ArgsSchema>(
  module: Omit<CloudModule<ArgsOf<S>>, 'kind' | 'schema'> & { readonly schema: S },
): CloudModule<ArgsOf<S>> {
  return { ...module, kind: 'cloud' };
}
