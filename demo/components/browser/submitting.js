// Sends what was changed and checked; where somebody else was faster both texts are shown, and nothing is lost.

import { findDocument, keepCorrections } from "./api.js";
import { count } from "./bar.js";

const STALE = 409;

/** The submit command; `desk` is the editor: its work, its drafts, its bar. */
export class Submitting {
  #sending = false;

  constructor(desk) {
    this.desk = desk;
  }

  async submit() {
    const { desk } = this;
    if (this.#sending) return;
    this.#sending = true;
    desk.effort.beat();
    const { work } = desk;
    const taken = work.take();
    try {
      if (taken.length) await desk.attempt(() => this.#send(work, taken), (error) => this.#failed(work, taken, error));
      else if (work.contested.length === 0) desk.bar.offerAll(work, desk.page);
      if (work.contested.length) this.#ask(work);
    } finally {
      this.#sending = false;
      desk.bar.busy(desk.bar.button, null);
      desk.bar.show(desk.work, desk.page);
    }
  }

  async #send(work, taken) {
    const { desk } = this;
    desk.bar.busy(desk.bar.button, "Saving…");
    await desk.keeping.drafts.forget(taken.map(({ line }) => line));
    const stored = await keepCorrections(taken.map(asCorrection));
    work.keep(taken, stored);
    const rows = new Map(stored.map((row) => [row.line_id, row]));
    const kept = taken.map(({ line, text, verdict }) => ({ ...rows.get(line.id), line_id: line.id, text, verdict }));
    desk.keeping.siblings.tell({ document: work.id, kept });
    desk.say(thanks(taken.length), "done");
    desk.trigger("submit", { document: work.id });
  }

  /** Nothing was stored. Where the lines have moved on elsewhere, what is there now is fetched and shown beside. */
  async #failed(work, taken, error) {
    work.giveBack(taken);
    for (const { line } of taken) this.desk.keeping.drafts.note(line);
    if (error.status !== STALE) return;
    const newest = await findDocument(work.id);
    for (const page of newest.pages) work.receive(page);
  }

  #ask(work) {
    const [line] = work.contested;
    this.desk.go(line);
    this.desk.say(`${count(work.contested.length, "line")} changed elsewhere meanwhile: choose which text to keep, then submit.`, "trouble");
  }
}

function asCorrection({ line, text, verdict, seconds, keystrokes }) {
  return {
    line_id: line.id,
    prediction_id: line.predictionId,
    base_revision: line.revision,
    text,
    verdict,
    seconds: Math.round(seconds * 10) / 10,
    keystrokes,
  };
}

function thanks(lines) {
  const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return `Saved ${count(lines, "line")} at ${time}. Thank you.`;
}
