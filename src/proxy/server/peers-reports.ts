// What happens to peers, as events and lines of the log. What strangers and dead machines make happen is told once, not
// each time.
import type { PeerNews } from '../core/peers/section.ts';
import type { EventBus } from './event-bus.ts';
import type { OperationalLog } from './operational-log.ts';

/** The same refusal is told again only after this. */
const againMs = 60_000;
const maxTold = 1000;

export class PeerReports {
  readonly #events: EventBus;
  readonly #log: OperationalLog;
  readonly #told = new Set<string>();
  #refusal = { text: '', atMs: -Infinity };

  constructor(events: EventBus, log: OperationalLog) {
    this.#events = events;
    this.#log = log;
  }

  tell(section: string, news: PeerNews): void {
    const { what, peer } = news;
    const who = `peer ${section}/${peer}`;
    switch (what) {
      case 'up':
        this.#events.emit('peer_up', { section, peer });
        return;
      case 'down':
        this.#events.emit('peer_down', { section, peer, reason: news.reason });
        return;
      case 'taught':
        this.#events.emit('peer_taught', { section, peer, entries: news.entries });
        return;
      case 'synchronised':
        this.#events.emit('peer_synchronised', { section, peer });
        return;
      case 'unreachable':
        this.#log.warn(`${who} cannot be reached: ${news.reason}`);
        return;
      case 'ignored':
        this.#ignored(`${who}: not all that it tells can be taken: ${news.reason}`);
        return;
      case 'refused':
        this.#refused(`peers ${section}: a call from ${peer} was refused: ${news.reason}`);
        return;
      default:
        news satisfies never;
    }
  }

  /** It is said again with each connection, and told once. */
  #ignored(text: string): void {
    if (this.#told.has(text)) return;
    if (this.#told.size >= maxTold) this.#told.clear();
    this.#told.add(text);
    this.#log.warn(text);
  }

  #refused(text: string): void {
    const nowMs = performance.now();
    if (text === this.#refusal.text && nowMs - this.#refusal.atMs < againMs) return;
    this.#refusal = { text, atMs: nowMs };
    this.#log.warn(text);
  }
}
