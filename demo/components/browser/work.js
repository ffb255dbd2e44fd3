// What a person is doing to a document: the texts they changed, the lines they checked, the effort it took.
// Knows nothing of the screen; everything that shows it listens for "change".

import { nextDoubt } from "./words.js";

/** One line: what the model said, what the store holds, and what stands in the field now. */
export class LineWork {
  constructor(line, number) {
    this.id = line.id;
    this.number = number;
    this.polygon = line.polygon;
    this.baseline = line.baseline;
    this.confidence = line.confidence;
    this.words = line.words;
    this.predictionId = line.prediction_id;
    this.saved = line.text; // the newest correction, or else the model's text
    this.stored = line.corrected; // a person has spoken about it
    this.unknown = line.unknown_characters ?? []; // typed, kept, but not yet in the model's charset
    this.text = line.text;
    this.checked = false; // seen and found right since the last submit
    this.seconds = 0;
    this.keystrokes = 0;
  }

  get changed() {
    return this.text !== this.saved;
  }

  /** Whether submitting would store something about this line. */
  get pending() {
    return this.changed || this.checked;
  }

  /** Whether the model doubts a word that no person has looked at. */
  get doubtful() {
    return !this.stored && !this.pending && nextDoubt(this.text, this.words) !== null;
  }

  /** "changed", "checked", "stored", "doubtful" or "read". */
  get state() {
    if (this.changed) return "changed";
    if (this.checked) return "checked";
    if (this.stored) return "stored";
    return this.doubtful ? "doubtful" : "read";
  }
}

/** One document: its pages as they arrive, and the line that is being worked on. */
export class Work extends EventTarget {
  constructor(document) {
    super();
    this.id = document.id;
    this.name = document.name;
    this.pageCount = document.page_count;
    this.pages = [];
    this.current = null;
  }

  /** Adds pages that are not here yet; what a person typed on the others stays. */
  add(pages) {
    for (const page of pages) {
      if (this.pages.some((known) => known.id === page.id)) continue;
      const lines = page.lines.map((line, index) => new LineWork(line, index + 1));
      this.pages.push({ ...page, lines });
    }
    this.pages.sort((a, b) => a.page - b.page);
    this.#tell();
  }

  get lines() {
    return this.pages.flatMap((page) => page.lines);
  }

  get pending() {
    return this.lines.filter((line) => line.pending);
  }

  pageOf(line) {
    return this.pages.find((page) => page.lines.includes(line));
  }

  /** The line `step` further on in reading order, across pages, or null at either end. */
  beside(line, step) {
    const lines = this.lines;
    return lines[lines.indexOf(line) + step] ?? null;
  }

  /** The next doubtful line after this one, from the start again after the last, or null. */
  nextDoubtful(line) {
    const lines = this.lines;
    const at = lines.indexOf(line) + 1;
    return [...lines.slice(at), ...lines.slice(0, at)].find((other) => other.doubtful) ?? null;
  }

  enter(line) {
    this.current = line;
    this.#tell(line);
  }

  write(line, text) {
    line.text = text;
    this.#tell(line);
  }

  check(line) {
    line.checked = true;
    this.#tell(line);
  }

  checkAll() {
    for (const line of this.lines) if (!line.stored) line.checked = true;
    this.#tell();
  }

  /** Back to what the store holds. */
  undo(line) {
    line.text = line.saved;
    line.checked = false;
    this.#tell(line);
  }

  /** Takes everything pending out for sending; give it to `keep` or `giveBack` afterwards. */
  take() {
    return this.pending.map((line) => {
      const taken = { line, text: line.text, seconds: line.seconds, keystrokes: line.keystrokes };
      line.seconds = 0;
      line.keystrokes = 0;
      return taken;
    });
  }

  /** The store has these now. A line that was changed meanwhile stays changed. */
  keep(taken, stored) {
    const unknown = new Map(stored.map((row) => [row.line_id, row.unknown_characters]));
    for (const { line, text } of taken) {
      line.saved = text;
      line.stored = true;
      line.checked = false;
      line.unknown = unknown.get(line.id) ?? [];
    }
    this.#tell();
  }

  /** Sending failed: nothing is lost, the effort neither. */
  giveBack(taken) {
    for (const { line, seconds, keystrokes } of taken) {
      line.seconds += seconds;
      line.keystrokes += keystrokes;
    }
  }

  #tell(line = null) {
    this.dispatchEvent(new CustomEvent("change", { detail: { line } }));
  }
}
