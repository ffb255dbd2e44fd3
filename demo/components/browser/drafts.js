// Keeps what is not submitted yet on the server, as each line is left, and goes on trying while nobody answers.

import { keepDrafts, Refused } from "./api.js";

const PAUSE_MS = 1500; // of typing within a line
const RETRY_MS = [1000, 2000, 4000, 8000, 15_000];
const MOST = 100; // of one request; the last one of a page may carry 64 KB in all

/** What waits to be kept. `changed()` is called whenever `state` may be another; `refuse(sentence)` for lost causes. */
export class Drafts {
  #waiting = new Set();
  #underway = []; // lines whose request has left and was not answered yet
  #sending = null;
  #timer = null;
  #failures = 0;

  constructor({ changed, refuse, send = keepDrafts }) {
    Object.assign(this, { changed, refuse, send });
  }

  /** "kept": nothing waits; "waiting": something does; "trouble": the server did not take it, we go on trying. */
  get state() {
    if (this.#failures) return "trouble";
    return this.#waiting.size || this.#sending ? "waiting" : "kept";
  }

  /** A person changed a line: it is kept after a pause, or as soon as they leave it. */
  note(line) {
    if (!line.pending && !line.drafted) {
      this.#waiting.delete(line);
      return;
    }
    this.#waiting.add(line);
    if (!this.#failures) this.#wake(PAUSE_MS);
    this.changed();
  }

  /** Lines that are about to be submitted need no draft; ends when none of them is on its way any more. */
  async forget(lines) {
    for (const line of lines) this.#waiting.delete(line);
    await this.#sending;
  }

  /** Keeps everything that waits, now; ends when that is done or has failed. */
  async flush() {
    await this.#sending;
    if (this.#waiting.size === 0) return;
    clearTimeout(this.#timer);
    const lines = [...this.#waiting].slice(0, MOST);
    for (const line of lines) this.#waiting.delete(line);
    this.#sending = this.#keep(lines).finally(() => (this.#sending = null));
    await this.#sending;
    this.changed();
    if (this.#waiting.size && !this.#failures) await this.flush();
  }

  /** The page goes away: one last request, which outlives it; one that is under way may not. */
  leave() {
    const lines = [...new Set([...this.#waiting, ...this.#underway])];
    if (lines.length) this.send(lines.map(asDraft), { leaving: true }).catch(() => {});
  }

  async #keep(lines) {
    this.changed();
    const rows = lines.map(asDraft);
    this.#underway = lines;
    // Even before the answer, or without one, the server may hold it: who undoes the line now has to take it back.
    for (const line of lines) line.drafted = true;
    try {
      await this.send(rows);
      lines.forEach((line, i) => (line.drafted = rows[i].text !== null));
      this.#failures = 0;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.passing) this.#retry(lines);
      else await this.#sift(lines, error);
    } finally {
      this.#underway = [];
    }
  }

  #retry(lines) {
    for (const line of lines) this.#waiting.add(line);
    this.#wake(RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)]);
    this.#failures += 1;
  }

  /** One bad draft refuses them all: each goes alone, and the bad one is named. */
  async #sift(lines, error) {
    if (lines.length === 1) this.refuse(error.message, lines[0]);
    else for (const line of lines) await this.#keep([line]);
  }

  #wake(after_ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), after_ms);
  }
}

function asDraft(line) {
  return {
    line_id: line.id,
    text: line.pending ? line.text : null,
    verdict: line.verdict,
    seconds: Math.round(line.seconds * 10) / 10,
    keystrokes: line.keystrokes,
  };
}
