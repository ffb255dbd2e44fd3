// What can be taken back and done again, across a whole document: texts, verdicts, boxes and order in one row.

const TYPING_MS = 1200; // a pause this long begins a new step

/** Steps are {undo, redo, key}; both functions may be asynchronous; they run one after the other. */
export class History {
  #done = [];
  #undone = [];
  #last = Promise.resolve();

  /** Keeps a step that has just been done. Steps with the same key in quick succession (typing) become one. */
  record(step, now = performance.now()) {
    const last = this.#done.at(-1);
    this.#undone = [];
    if (last && step.key && step.key === last.key && now - last.at < TYPING_MS) {
      last.redo = step.redo;
      last.at = now;
    } else {
      this.#done.push({ ...step, at: now });
    }
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** Takes the last step back and gives what it gave; null where there is none. One that fails is gone and throws. */
  undo() {
    return this.#queue(() => this.#move(this.#done, this.#undone, "undo"));
  }

  redo() {
    return this.#queue(() => this.#move(this.#undone, this.#done, "redo"));
  }

  #queue(move) {
    const moved = this.#last.then(move);
    this.#last = moved.catch(() => {}); // whoever asked hears of it
    return moved;
  }

  async #move(from, to, way) {
    if (from.length === 0) return null;
    const step = from.pop();
    const given = await step[way]();
    to.push({ ...step, key: null });
    return given ?? true;
  }
}
