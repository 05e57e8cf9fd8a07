// The failover test: looks, loads, lets the server fail, waits, heals, waits, and has the result judged.
// What happened is collected here; what it means is said in judge.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../lib/errors.ts';
import { Control, stallsOf } from './control.ts';
import { probeWithGets, replacedCookie } from './client-probe.ts';
import { judge } from './judge.ts';
import { Load } from './load.ts';
import type { Measurement } from './measurement.ts';
import { newMeasurement } from './measurement.ts';
import type { Check, FailoverOptions, FailoverReport, StepName } from './model.ts';
import type { Settings } from './settings.ts';
import { downBoundMs, settingsOf, upBoundMs } from './settings.ts';
import type { ServerState, StatsQuery } from './stats.ts';
import { isDown, isUp, serversOf, socketStats } from './stats.ts';
import { placeTracks } from './streams.ts';
import { WebSocketSession } from './websocket-session.ts';

const pollMs = 100;
/** At 1/16 of its share a server of two gets one request in seventeen; far above that. */
const slowStartGets = 200;

/**
 * Runs one failover and reports. A failed expectation is a failed check in the report, not an error.
 * Throws VezaError for senseless options, and the signal's reason when aborted; the server is healed first.
 */
export async function runFailover(options: FailoverOptions): Promise<FailoverReport> {
  const settings = settingsOf(options);
  const run = new Run(options, settings);
  await run.all();
  return judge(options, settings, run.measurement);
}

class Run {
  readonly measurement: Measurement;
  readonly #options: FailoverOptions;
  readonly #settings: Settings;
  readonly #stats: StatsQuery;
  readonly #prefix: string;
  readonly #load: Load;
  readonly #control: Control | null;
  /** The cookies of a client that the victim served. */
  #victimCookies: ReadonlyMap<string, string> = new Map();

  constructor(options: FailoverOptions, settings: Settings) {
    this.#options = options;
    this.#settings = settings;
    this.#stats = typeof options.stats === 'function' ? options.stats : socketStats(options.stats);
    // Backends remember executions of earlier runs: ids must not come back.
    this.#prefix = `${options.way}-${settings.seed}-${Date.now().toString(36)}-`;
    this.#load = new Load(options.target, settings.load, settings.seed, this.#prefix);
    this.#control = options.control ? new Control(options.control, settings.healthPath) : null;
    this.measurement = newMeasurement();
  }

  async all(): Promise<void> {
    if (!(await this.#preflight()) || !(await this.#baseline())) return;
    await this.#startLoad();
    try {
      const { warmUpMs, baselineMs } = this.#settings.durations;
      await this.#pause(warmUpMs + baselineMs);
      if (this.#options.way !== 'none') await this.#failAndHeal();
      await this.#recovery();
    } finally {
      await this.#endLoad();
    }
    await this.#collectExecutions();
    this.#say('verdict', 'comparing what was executed with what was answered');
  }

  async #preflight(): Promise<boolean> {
    await this.#options.actuator.prepare?.();
    this.#say('preflight', `waiting for ${this.#options.servers.join(', ')} to be UP`);
    const { found, last } = await this.#waitForAll(this.#settings.preflightTimeoutMs);
    this.#check('preflight', 'all servers are UP', found, last);
    return found;
  }

  async #baseline(): Promise<boolean> {
    const { baselineGets, healthPath } = this.#settings;
    const { servers, victim, streams, target } = this.#options;
    this.#say('baseline', `${baselineGets} GETs of ${healthPath}`);
    // A server that has just come back starts slowly: it may take more than a few requests until it gets one.
    const { seen, problems } = await probeWithGets(target, healthPath, baselineGets, {
      wanted: servers,
      most: slowStartGets,
    });
    this.#victimCookies = seen.get(victim) ?? new Map();
    const missing = servers.filter((name) => !seen.has(name));
    if (missing.length > 0) problems.push(`never answered by ${missing.join(', ')}`);
    this.#check('baseline', `${baselineGets} GETs, every server answers`, problems.length === 0, problems.join('; '));
    if (streams) {
      this.measurement.streamsBefore = await placeTracks(streams.target ?? target, streams.tracks, streams.segments);
    }
    return problems.length === 0;
  }

  async #startLoad(): Promise<void> {
    const { ratePerSecond, webSockets } = this.#settings.load;
    this.#say('load', `${ratePerSecond} requests a second, ${webSockets.sessions} WebSockets`);
    const sessions = Array.from(
      { length: webSockets.sessions },
      (_, number) => new WebSocketSession(this.#options.target, number, webSockets.everyMs),
    );
    this.measurement.sessions = sessions;
    this.measurement.loadStartedAt = performance.now();
    this.#load.start();
    this.#control?.start();
    await Promise.all(sessions.map((session) => session.start()));
  }

  async #failAndHeal(): Promise<void> {
    const { measurement } = this;
    const { way, victim, actuator } = this.#options;
    let healed = true;
    try {
      this.#say('fail', `${way} of ${victim}`);
      const before = await this.#states();
      const isVictim = (session: WebSocketSession): boolean => way !== 'disturbance' && session.backend === victim;
      measurement.victimSessions = measurement.sessions.flatMap((session, n) => (isVictim(session) ? [n] : []));
      measurement.orderedAt = performance.now();
      healed = false;
      await actuator.fail();
      measurement.failedAt = performance.now();
      if (way !== 'disturbance') await this.#down(before);
      this.#say('heal', `${victim} comes back`);
      await actuator.heal();
      healed = true;
      measurement.healedAt = performance.now();
      await (way === 'disturbance' ? this.#settled() : this.#up());
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      this.#check('actuator', `${victim} fails and heals as ordered`, false, messageOf(error));
    } finally {
      if (!healed) await actuator.heal().catch((error: unknown) => this.#say('heal', messageOf(error)));
    }
  }

  async #down(before: readonly ServerState[]): Promise<void> {
    const { victim, streams, target } = this.#options;
    const { downTimeoutMs, downGets, durations, checks, healthPath } = this.#settings;
    this.#say('down', `waiting for ${victim} to be DOWN`);
    const timesDown = before.find((state) => state.name === victim)?.timesDown ?? 0;
    const isOut = (states: readonly ServerState[]): boolean =>
      states.some((state) => state.name === victim && (isDown(state) || state.timesDown > timesDown));
    const { found, last } = await this.#waitFor(isOut, downTimeoutMs);
    if (found) this.measurement.downAt = performance.now();
    const tookMs = Math.round(performance.now() - (this.measurement.orderedAt ?? 0));
    const bound = Math.min(downBoundMs(checks), downTimeoutMs);
    const detail = found ? `after ${tookMs} ms, at most ${bound} ms` : `not in ${downTimeoutMs} ms: ${last}`;
    this.#check('down', `${victim} is DOWN in time`, found && tookMs <= bound, detail);
    const [{ seen, problems }] = await Promise.all([
      probeWithGets(target, healthPath, downGets),
      this.#pause(durations.downMs),
    ]);
    if (seen.has(victim)) problems.push(`answered by ${victim}, which is down`);
    this.#check('down-gets', `${downGets} GETs while it is down`, problems.length === 0, problems.join('; '));
    await this.#oldCookie();
    if (streams) {
      this.measurement.streamsDuring = await placeTracks(streams.target ?? target, streams.tracks, streams.segments);
    }
  }

  /** A client that holds the victim's cookie is served by another and told so. */
  async #oldCookie(): Promise<void> {
    if (this.#victimCookies.size === 0) return;
    const value = await replacedCookie(this.#options.target, this.#settings.healthPath, this.#victimCookies);
    const reissued = value !== null;
    const detail = reissued ? `now ${value}` : 'no new cookie in the answer';
    this.#check('cookie', `the cookie of ${this.#options.victim} is replaced`, reissued, detail);
  }

  async #up(): Promise<void> {
    const { victim } = this.#options;
    const { upTimeoutMs, checks } = this.#settings;
    this.#say('up', `waiting for ${victim} to be UP`);
    const isBack = (states: readonly ServerState[]): boolean =>
      states.some((state) => state.name === victim && isUp(state));
    const { found, last } = await this.#waitFor(isBack, upTimeoutMs);
    if (found) this.measurement.upAt = performance.now();
    const tookMs = Math.round(performance.now() - (this.measurement.healedAt ?? 0));
    const bound = upBoundMs(checks);
    const detail = found ? `after ${tookMs} ms, at most ${bound} ms` : `not in ${upTimeoutMs} ms: ${last}`;
    this.#check('up', `${victim} is UP again in time`, found && tookMs <= bound, detail);
  }

  async #recovery(): Promise<void> {
    const { recoveryMs } = this.#settings.durations;
    this.#say('recovery', `${recoveryMs} ms more of load`);
    const until = performance.now() + recoveryMs;
    while (performance.now() < until) {
      const states = await this.#states().catch(() => []);
      const throttle = states.find((state) => state.name === this.#options.victim)?.throttlePercent;
      if (throttle !== undefined && throttle !== null) this.measurement.throttlePercents.push(throttle);
      await this.#pause(Math.min(250, Math.max(0, until - performance.now())));
    }
  }

  async #endLoad(): Promise<void> {
    const { measurement } = this;
    measurement.loadEndedAt = performance.now();
    const sessions = measurement.sessions.map((session) => session.stop());
    await Promise.all([this.#load.stop(this.#options.signal?.aborted ?? false), this.#control?.stop(), ...sessions]);
    measurement.records = this.#load.records;
    measurement.pauses = this.#load.pauses;
    const control = this.#control;
    measurement.control = control && { stalls: stallsOf(control.samples), failed: control.failed };
  }

  async #collectExecutions(): Promise<void> {
    try {
      this.measurement.executions = await this.#options.executions(this.#prefix);
    } catch (error) {
      this.measurement.executionsProblem = messageOf(error);
    }
  }

  async #states(): Promise<ServerState[]> {
    return serversOf(await this.#stats('show stat'), this.#options.pool);
  }

  /** After a disturbance: everything is as before. */
  async #settled(): Promise<void> {
    const { found, last } = await this.#waitForAll(this.#settings.upTimeoutMs);
    this.#check('settled', 'all servers are UP again', found, last);
  }

  #waitForAll(timeoutMs: number): Promise<{ found: boolean; last: string }> {
    const { servers } = this.#options;
    const isWhole = (states: readonly ServerState[]): boolean =>
      servers.every((name) => states.some((state) => state.name === name && state.status === 'UP'));
    return this.#waitFor(isWhole, timeoutMs);
  }

  /** Looks every 100 ms. An unanswered question is asked again: the balancer may be busy. */
  async #waitFor(
    wanted: (states: readonly ServerState[]) => boolean,
    timeoutMs: number,
  ): Promise<{ found: boolean; last: string }> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      let last: string;
      try {
        const states = await this.#states();
        last = states.map((state) => `${state.name} ${state.status}`).join(', ');
        if (wanted(states)) return { found: true, last };
      } catch (error) {
        last = messageOf(error);
      }
      if (performance.now() >= until) {
        this.measurement.stateDump ??= await this.#stats('show stat').catch(messageOf);
        return { found: false, last };
      }
      await this.#pause(pollMs);
    }
  }

  /** Rejects with the signal's own reason when aborted. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.#options;
    await sleep(ms, undefined, signal ? { signal } : {}).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  }

  #check(id: string, title: string, passed: boolean, detail: string): void {
    const check: Check = { id, title, passed, detail };
    this.measurement.steps.push(check);
  }

  #say(step: StepName, text: string): void {
    this.#options.onProgress?.({ step, text });
  }
}
