// One line under a person's hands: what the model said, what the store holds, and what stands in the field now.

import { pieces } from "./words.js";

/** A rival is another text for the line that nobody but the person may put in place of theirs. */
export const RIVALS = { stored: "stored", reading: "reading" };

export class LineWork {
  constructor(row, number) {
    this.id = row.id;
    this.checked = false; // seen and found right since the last submit
    this.seconds = 0;
    this.keystrokes = 0;
    this.drafted = false; // the server may hold a draft
    this.rival = null; // {kind, text, verdict}
    this.#learn(row, number);
    this.look = { text: this.saved, verdict: this.savedVerdict, checked: false };
    this.#resume(row.draft);
  }

  /** The server's newest word about the line; what a person has typed here stays. */
  refresh(row, number) {
    const { reading, revision, pending } = this;
    this.#learn(row, number);
    if (pending) {
      if (this.revision > revision && row.text !== this.text) this.#oppose(RIVALS.stored, row.text, this.savedVerdict);
      if (!this.changed) this.checked = this.checked && this.revision === revision;
    } else {
      this.look = { text: this.saved, verdict: this.savedVerdict, checked: false };
      this.#resume(row.draft);
    }
    const spoken = this.stored || this.changed;
    if (spoken && this.reading !== reading && this.reading !== this.text && this.rival?.kind !== RIVALS.stored) {
      this.#oppose(RIVALS.reading, this.reading, "text");
    }
  }

  /** What a person can change about the line, as one value that can be put back. */
  get look() {
    return { text: this.text, verdict: this.verdict, checked: this.checked };
  }

  set look({ text, verdict, checked }) {
    this.text = text;
    this.verdict = verdict;
    this.checked = checked;
  }

  get changed() {
    return this.text !== this.saved || this.verdict !== this.savedVerdict;
  }

  /** Whether submitting would store something about this line. */
  get pending() {
    return this.changed || this.checked;
  }

  /** Whether a person has said what the line holds, here or in the store. */
  get spoken() {
    return this.stored || this.changed;
  }

  /** Whether no person has said anything about the line, nor has to. */
  get untouched() {
    return !this.stored && !this.pending && this.rival === null;
  }

  /** Whether the model doubts a word that no person has looked at. */
  get doubtful() {
    return !this.stored && !this.pending && this.doubts > 0;
  }

  /** How many words still stand as the model doubted them. */
  get doubts() {
    return pieces(this.text, this.words).filter((piece) => piece.doubtful).length;
  }

  /** "changed", "checked", "stored", "doubtful" or "read". */
  get state() {
    if (this.changed) return "changed";
    if (this.checked) return "checked";
    if (this.stored) return "stored";
    return this.doubtful ? "doubtful" : "read";
  }

  #learn(row, number) {
    this.number = number;
    this.polygon = row.polygon;
    this.baseline = row.baseline;
    this.words = row.words;
    this.alternatives = row.alternatives;
    this.predictionId = row.prediction_id;
    this.reading = row.reading; // the newest model's
    this.saved = row.text; // the newest correction, or else the reading
    this.savedVerdict = row.verdict;
    this.revision = row.revision;
    this.stored = row.corrected; // a person has spoken about it
    this.unknown = row.unknown_characters; // typed, kept, but not yet in the model's charset
  }

  /** Goes on where a draft was left; one that says what the store says is a check. */
  #resume(draft) {
    this.drafted = Boolean(draft);
    if (!draft) return;
    this.look = { text: draft.text, verdict: draft.verdict, checked: false };
    this.checked = !this.changed;
    this.seconds = draft.seconds ?? 0;
    this.keystrokes = draft.keystrokes ?? 0;
  }

  #oppose(kind, text, verdict) {
    this.rival = { kind, text, verdict };
  }
}
