// One wheel for all waits of a worker: arming is a field write in the common case, because a timer that moved to later
// stays in its old slot and is moved on when that slot comes up. Pure: the clock is an argument.

export abstract class WheelTimer {
  /** Clock time at which it fires; Infinity = not armed. */
  deadlineMs = Infinity;
  slotTick = -1;
  previous: WheelTimer | undefined = undefined;
  next: WheelTimer | undefined = undefined;
  /** Called once when the deadline has passed; may arm itself again. */
  abstract onTimer(nowMs: number): void;
}

export class TimerWheel {
  readonly #slots: (WheelTimer | undefined)[];
  readonly #tickMs: number;
  #tick: number;

  constructor(nowMs: number, tickMs = 50, slots = 1024) {
    this.#tickMs = tickMs;
    this.#slots = Array.from({ length: slots }, () => undefined);
    this.#tick = Math.floor(nowMs / tickMs);
  }

  /** Arms or moves a timer to fire `delayMs` after `nowMs`, to the precision of a tick, never early. */
  arm(timer: WheelTimer, nowMs: number, delayMs: number): void {
    timer.deadlineMs = nowMs + delayMs;
    const tick = this.#tickOf(timer.deadlineMs);
    if (timer.slotTick >= 0 && timer.slotTick <= tick) return;
    this.#unlink(timer);
    this.#link(timer, tick);
  }

  /** Disarms; the timer leaves its slot when that comes up. */
  disarm(timer: WheelTimer): void {
    timer.deadlineMs = Infinity;
  }

  /** Disarms and lets go of the timer at once. */
  remove(timer: WheelTimer): void {
    timer.deadlineMs = Infinity;
    this.#unlink(timer);
  }

  /** Fires what is due. */
  advance(nowMs: number): void {
    const target = Math.floor(nowMs / this.#tickMs);
    // After a long pause every slot needs one look only.
    if (target - this.#tick > this.#slots.length) this.#tick = target - this.#slots.length;
    while (this.#tick < target) {
      this.#tick += 1;
      this.#fire(this.#tick, nowMs);
    }
  }

  #fire(tick: number, nowMs: number): void {
    const slot = tick % this.#slots.length;
    const due: WheelTimer[] = [];
    for (let timer = this.#slots[slot]; timer; timer = timer.next) due.push(timer);
    this.#slots[slot] = undefined;
    // All are unlinked before any is called: a callback may arm or remove any other timer.
    for (const timer of due) {
      timer.previous = timer.next = undefined;
      timer.slotTick = -1;
    }
    for (const timer of due) {
      if (timer.slotTick >= 0 || timer.deadlineMs === Infinity) continue;
      if (timer.deadlineMs <= nowMs) {
        timer.deadlineMs = Infinity;
        timer.onTimer(nowMs);
      } else {
        this.#link(timer, this.#tickOf(timer.deadlineMs));
      }
    }
  }

  #tickOf(deadlineMs: number): number {
    return Math.max(this.#tick + 1, Math.ceil(deadlineMs / this.#tickMs));
  }

  #link(timer: WheelTimer, tick: number): void {
    // Farther than one turn: look again after a turn.
    const near = Math.min(tick, this.#tick + this.#slots.length - 1);
    const slot = near % this.#slots.length;
    const head = this.#slots[slot];
    timer.slotTick = near;
    timer.next = head;
    timer.previous = undefined;
    if (head) head.previous = timer;
    this.#slots[slot] = timer;
  }

  #unlink(timer: WheelTimer): void {
    if (timer.slotTick < 0) return;
    if (timer.previous) timer.previous.next = timer.next;
    else {
      const slot = timer.slotTick % this.#slots.length;
      if (this.#slots[slot] === timer) this.#slots[slot] = timer.next;
    }
    if (timer.next) timer.next.previous = timer.previous;
    timer.previous = timer.next = undefined;
    timer.slotTick = -1;
  }
}
