// What the control side may see of the master, and do to it.
import type { Edited } from '../core/config/edit.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import type { Counters } from '../core/counters.ts';
import type { ServerRecord } from '../core/server-record.ts';
import type { ServerRegistry } from '../core/server-registry.ts';
import type { RateTracker } from '../core/stats/rates.ts';
import type { ApplyResult, ConfigOrigin, LoadedConfig } from './config-source.ts';
import type { DiagnosisAnswer, DiagnosisQuestion } from './diagnosis.ts';
import type { EventBus } from './event-bus.ts';
import type { DroppedRequest, SessionFacts } from './ipc.ts';
import type { OperationalLog } from './operational-log.ts';
import type { StickKeeper } from './stick-keeper.ts';
import type { TlsMaterial } from './tls-material.ts';

export interface ControlledProxy {
  readonly registry: ServerRegistry;
  readonly rates: RateTracker;
  readonly events: EventBus;
  readonly log: OperationalLog;
  readonly sticks: StickKeeper;
  config(): ProxyConfig;
  counters(): Promise<ReadonlyMap<string, Counters>>;
  clearCounters(all: boolean): void;
  /** Tells the workers what is new of a server. */
  changed(record: ServerRecord): void;
  shutdownSessions(record: ServerRecord): void;
  sessions(): Promise<readonly SessionFacts[]>;
  shutdownSession(id: string): void;
  /** The last requests that were no valid ones, oldest first. */
  dropped(): readonly DroppedRequest[];
  reload(): Promise<string | undefined>;
  /** Replaces the workers by new ones of the program as it is installed now. Returns what went wrong, if anything. */
  upgrade(): Promise<string | undefined>;
  /** Puts a changed configuration into force, in its turn. Returns what is wrong, if anything. */
  edit(change: (config: ProxyConfig) => Edited): Promise<string | undefined>;
  /** Takes certificates that are in no file, until files are read again. Returns what is wrong, if anything. */
  replaceCertificates(change: (tls: TlsMaterial) => TlsMaterial): Promise<string | undefined>;
  /** The file or folder that was started with. */
  readonly file: string;
  /** What runs, with its texts. Its hash changes with every configuration and every change at run time. */
  loaded(): LoadedConfig;
  /** Applies a configuration whole, or nothing of it. */
  apply(origin: ConfigOrigin): Promise<ApplyResult>;
  workers(): number;
  /** Numbers of those that run. */
  workerNumbers(): readonly number[];
  /** Asks one of them about itself. */
  diagnose(worker: number, question: DiagnosisQuestion): Promise<DiagnosisAnswer>;
  /** Percent of the time in which the workers had nothing to do. */
  idlePercent(): number;
}
