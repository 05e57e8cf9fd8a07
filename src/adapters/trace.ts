// What goes over the connections, told as it happens: with -vvv who is reached how and runs how much, with -vvvv the
// scripts too, and how long they took. Steps that `no_log` hides are counted, never shown; secrets are redacted by value.
import type { Batch, HostAddress, Identity, Session, Step, StepResult, Transport } from '../engine/ports.ts';
import type { Redactor } from '../lib/redact.ts';
import { terminalText } from '../lib/terminal-text.ts';

export interface TraceOptions {
  /** Scripts too. */
  readonly scripts: boolean;
  readonly write: (text: string) => void;
  readonly redactor: Redactor;
  readonly now: () => number;
}

/** The same transport, talking about what it does. */
export function traceTransport(transport: Transport, options: TraceOptions): Transport {
  const say = (host: string, lines: readonly string[]) =>
    options.write(terminalText(options.redactor.redact(lines.map((line) => `<${host}> ${line}\n`).join(''))));
  return {
    async connect(address, signal) {
      say(address.name, [`connect: ${describeAddress(address)}`]);
      const startedAtMs = options.now();
      const session = await transport.connect(address, signal);
      say(address.name, [`connected${options.scripts ? ` in ${options.now() - startedAtMs} ms` : ''}`]);
      return traced(session, options, (lines) => say(address.name, lines));
    },
  };
}

function traced(session: Session, options: TraceOptions, say: (lines: readonly string[]) => void): Session {
  return {
    async run(batch) {
      say([`run as ${describeIdentity(batch.identity)}: ${describeSteps(batch)}`]);
      if (options.scripts) say(batch.steps.flatMap(describeScript));
      const startedAtMs = options.now();
      const results = await session.run(batch);
      if (options.scripts) say([`answered in ${options.now() - startedAtMs} ms: exit codes ${codesOf(results)}`]);
      return results;
    },
    dial(host, port, dialOptions) {
      say([`dial ${host} port ${port}`]);
      return session.dial(host, port, dialOptions);
    },
    get roundTrips() {
      return session.roundTrips;
    },
    async [Symbol.asyncDispose]() {
      say([`disconnect after ${session.roundTrips} round trips`]);
      await session[Symbol.asyncDispose]();
    },
  };
}

function describeAddress(address: HostAddress): string {
  if (address.connection === 'local') return 'local shell';
  const key = address.privateKeyFile === undefined ? '' : `, key ${address.privateKeyFile}`;
  const password = address.password === undefined ? '' : ', with a password';
  const timeout = address.connectTimeoutMs === undefined ? '' : `, timeout ${address.connectTimeoutMs / 1000} s`;
  return `ssh ${address.user}@${address.address} port ${address.port}, host keys ${address.hostKeys}${key}${password}${timeout}`;
}

function describeIdentity({ user, method, password }: Identity): string {
  if (user === null) return 'the user who logged in';
  return `${user} by ${method}${password === undefined ? '' : ' with a password'}`;
}

function describeSteps({ steps }: Batch): string {
  const hidden = steps.filter((step) => step.hidden === true).length;
  return `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}${hidden === 0 ? '' : `, ${hidden} of them hidden by no_log`}`;
}

function describeScript(step: Step, index: number): readonly string[] {
  const head = `  step ${index + 1}, at most ${step.timeoutMs / 1000} s`;
  if (step.hidden === true) return [`${head}: (hidden by no_log)`];
  const { stdin } = step.script;
  const size = stdin && (stdin instanceof Uint8Array ? stdin.byteLength : stdin.sizeBytes);
  const fed = size === undefined ? [] : [`  | (and ${size} bytes of standard input)`];
  return [
    `${head}:`,
    ...step.script.text
      .trimEnd()
      .split('\n')
      .map((line) => `  | ${line}`),
    ...fed,
  ];
}

function codesOf(results: readonly StepResult[]): string {
  return results.map(({ exitCode, timedOut }) => (timedOut ? 'timeout' : String(exitCode))).join(' ');
}
