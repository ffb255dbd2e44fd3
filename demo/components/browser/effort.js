// How long a person works on a line and how many keys it takes; what they do elsewhere does not count.

const IDLE_MS = 20_000; // a longer pause is not work
const SILENT = new Set(["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "Tab", "Enter", "Escape"]);

/** A stopwatch that runs for one line at a time. */
export class Effort {
  #line = null;
  #since = 0;

  enter(line) {
    this.leave();
    this.#line = line;
    this.#since = performance.now();
  }

  /** Something happened in the line: the time until now was work, up to a pause's length. */
  beat() {
    if (this.#line === null) return;
    const now = performance.now();
    this.#line.seconds += Math.min(now - this.#since, IDLE_MS) / 1000;
    this.#since = now;
  }

  press(event) {
    this.beat();
    if (this.#line !== null && !SILENT.has(event.key)) this.#line.keystrokes += 1;
  }

  leave() {
    this.beat();
    this.#line = null;
  }
}
