// Logs as the program uses them: of requests, and of what the proxy itself does.
import type { Capture, CookieCapture } from '../logging/capture.ts';
import type { Level } from '../logging/entry.ts';
import type { RotationConfig } from '../logging/rotation.ts';
import type { SamplingConfig } from '../logging/sampling.ts';
import type { LogTarget } from '../logging/target.ts';

export interface LogConfig {
  readonly access: readonly LogTarget[];
  /** `httplog`, `clf`, `json`, or a text of HAProxy's log-format. */
  readonly format: string;
  /** Which requests have a line; `failed`: 5xx, and what was broken off. */
  readonly requests: 'all' | 'failed' | 'none';
  /** One of so many requests that went well. */
  readonly sample: number;
  /** What frontends have of their own, by name. */
  readonly frontends: Readonly<Record<string, Pick<LogConfig, 'requests' | 'sample'>>>;
  readonly captureRequest: readonly Capture[];
  readonly captureResponse: readonly Capture[];
  readonly captureCookie: CookieCapture | undefined;
  /** Number of the facility of syslog. */
  readonly facility: number;
  readonly tag: string;
  readonly level: Level;
  /** By names of frontends and backends, where theirs is another. */
  readonly levels: Readonly<Record<string, Level>>;
  readonly style: 'pretty' | 'json';
  readonly outputs: readonly LogTarget[];
  /** Names of fields, query parameters and headers whose values no log shows. */
  readonly mask: readonly string[];
  readonly sampling: SamplingConfig | undefined;
  readonly rotate: RotationConfig | undefined;
}
