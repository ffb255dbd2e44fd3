// Nothing is lost: what a person types goes to the server as a draft, to their other tabs at once, and their place
// in the document is remembered.

import { Drafts } from "./drafts.js";
import { keepPlace } from "./places.js";
import { Siblings } from "./siblings.js";

const PLACE_MS = 300; // the place is kept when nothing has moved for so long

/** Watches over the works of a desk (the editor); `works` are all its documents by id. */
export class Keeping {
  #placing = null;

  constructor(desk, works) {
    this.desk = desk;
    this.works = works;
    this.drafts = new Drafts({
      changed: () => this.paint(),
      refuse: (sentence) => desk.say(sentence, "trouble"),
    });
    this.siblings = new Siblings((message) => this.#hear(message));
    const { document, window } = globalThis;
    document.addEventListener("visibilitychange", () => {
      desk.effort.beat();
      if (document.hidden) this.drafts.flush();
    });
    window.addEventListener("pagehide", () => this.drafts.leave());
    window.addEventListener("beforeunload", (event) => {
      this.#keepPlace();
      if (this.drafts.state === "trouble") event.preventDefault();
    });
  }

  watch(work) {
    work.addEventListener("change", ({ detail: { line, from } }) => {
      if (!line || from !== "person") return;
      this.drafts.note(line);
      this.siblings.tell({ document: work.id, line: line.id, look: line.look });
    });
    work.addEventListener("pages", ({ detail: { page, from, answer } }) => {
      if (from !== "person") return;
      this.siblings.tell({ document: work.id, page: answer });
      for (const line of page.lines) if (line.pending) this.drafts.note(line);
    });
  }

  /** Says in the bar whether what is typed is safe. */
  paint() {
    if (this.desk.work) this.desk.bar.showSaved(this.drafts.state, this.desk.work);
  }

  /** The person has moved: to another line, over the page. */
  moved() {
    clearTimeout(this.#placing);
    this.#placing = setTimeout(() => this.#keepPlace(), PLACE_MS);
  }

  #keepPlace() {
    const { work, view } = this.desk;
    const line = work?.current;
    if (line) keepPlace({ document: work.id, line: line.id, caret: this.desk.caret(line), view: view.zoom.view });
  }

  /** Another tab of the same browser has done something. */
  #hear({ document, line, look, kept, page }) {
    const work = this.works.get(document);
    if (!work) return;
    if (look) work.hear(line, look);
    if (page) work.receive(page, "tab");
    if (kept) {
      const known = kept.filter((row) => work.line(row.line_id));
      work.keep(known.map((row) => ({ ...row, line: work.line(row.line_id) })), known, "tab");
    }
  }
}
