// The rise/fall state machine of one server's active check: HAProxy's counter. Pure: it decides, others check.
// Deliberately not here: administrative state and load, which have their own places.
import type { CheckConfig } from './config/model.ts';

export type HealthChange = 'up' | 'down' | undefined;

/** What of a check it goes by. */
export type HealthSettings = Pick<
  CheckConfig,
  'rise' | 'fall' | 'init' | 'interMs' | 'fastinterMs' | 'downinterMs' | 'timeoutMs'
>;

export class Health {
  #rise: number;
  #fall: number;
  #value: number;
  #timing: HealthSettings;
  /** Traffic reported an error since the last check: the next failure is enough, and it comes soon. */
  #accused = false;
  #checked = false;

  constructor(config: HealthSettings) {
    this.#timing = config;
    this.#rise = config.rise;
    this.#fall = config.fall;
    const start = {
      up: config.rise,
      'fully-up': config.rise + config.fall - 1,
      down: config.rise - 1,
      'fully-down': 0,
    };
    this.#value = start[config.init];
  }

  get up(): boolean {
    return this.#value >= this.#rise;
  }

  /** HAProxy's check_health: 0 … rise + fall - 1. */
  get value(): number {
    return this.#value;
  }

  get fullyUp(): boolean {
    return this.#value === this.#rise + this.#fall - 1;
  }

  /** Takes the result of a check; returns the transition it caused. */
  record(passed: boolean): HealthChange {
    const wasUp = this.up;
    const accused = this.#accused;
    this.#accused = false;
    this.#checked = true;
    if (passed) {
      // The success that reaches `rise` makes it fully UP, and so does any success while it is UP.
      this.#value = this.#value + 1 >= this.#rise ? this.#rise + this.#fall - 1 : this.#value + 1;
    } else if (this.#value > 0) {
      this.#value -= 1;
      if (this.#value < this.#rise || accused) this.#value = 0;
    }
    const isUp = this.#value >= this.#rise;
    if (wasUp === isUp) return undefined;
    return isUp ? 'up' : 'down';
  }

  /** Traffic met a refused, reset or silent connection. True if a check should run at once. */
  accuse(): boolean {
    if (!this.up || this.#accused) return false;
    this.#accused = true;
    return true;
  }

  /** How long the next check may take: a server that traffic accuses has been silent for a while already. */
  get timeoutMs(): number {
    const { timeoutMs, fastinterMs } = this.#timing;
    return this.#accused ? Math.min(timeoutMs, fastinterMs) : timeoutMs;
  }

  /** Pause until the next check: inter when fully UP, downinter when fully DOWN, fastinter in between. */
  nextDelayMs(): number {
    if (!this.#checked || this.#accused) return this.#timing.fastinterMs;
    if (this.fullyUp) return this.#timing.interMs;
    return this.#value === 0 ? this.#timing.downinterMs : this.#timing.fastinterMs;
  }

  /** New settings on reload; the state is kept as far as the new range allows. */
  reconfigure(config: CheckConfig): void {
    const { up, fullyUp } = this;
    this.#timing = config;
    if (config.rise !== this.#rise || config.fall !== this.#fall) {
      this.#value = up ? (fullyUp ? config.rise + config.fall - 1 : config.rise) : 0;
    }
    this.#rise = config.rise;
    this.#fall = config.fall;
  }

  /** `UP`, `UP 1/3`, `DOWN`, `DOWN 1/2`, as statistics show it. */
  describe(): string {
    if (this.up) return this.fullyUp ? 'UP' : `UP ${this.#value - this.#rise + 1}/${this.#fall}`;
    return this.#value === 0 ? 'DOWN' : `DOWN ${this.#value}/${this.#rise}`;
  }
}
