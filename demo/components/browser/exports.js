// Ways out of the open document: its whole text into the clipboard, or a file for another program.

import { Refused, saveFile } from "./api.js";
import { count } from "./bar.js";
import { fill, html } from "./dom.js";

const FORMATS = [
  ["txt", "Plain text", ".txt"],
  ["pdf", "Searchable PDF", ".pdf"],
  ["json", "JSON", ".json"],
  ["page", "PAGE XML", ".xml"],
  ["alto", "ALTO XML", ".xml"],
  ["hocr", "hOCR", ".hocr"],
];
const ILLEGIBLE = "[illegible]";
const TOLD_MS = 4000;

/**
 * Brings the menu to life in an element of the editor's bar; "inkloop:opened" tells which document it is about, and
 * `submit` stores what is pending in it.
 */
export function mountExports(element, { submit }) {
  const menu = new Exports(element, submit);
  document.addEventListener("inkloop:opened", ({ detail }) => menu.show(detail.document));
}

/** The text of a document as it stands on the screen, submitted or not; a blank line parts two pages. */
export function textOf({ pages }) {
  const kept = (line) => line.verdict !== "not_text";
  const said = (line) => (line.verdict === "illegible" ? ILLEGIBLE : line.text);
  return pages.map((page) => page.lines.filter(kept).map(said).join("\n")).join("\n\n");
}

class Exports {
  #document = null;
  #timer = null;

  constructor(element, submit) {
    this.submit = submit;
    this.question = html("div", { class: "exports-question", hidden: true });
    this.told = html("p", { class: "exports-told", "aria-live": "polite" });
    this.menu = html(
      "details",
      { class: "exports", name: "bar-menu" },
      html("summary", {}, "Export"),
      html(
        "div",
        { class: "exports-list" },
        html("button", { type: "button", class: "exports-copy", click: () => this.#copy() }, "Copy all text"),
        html("p", { class: "exports-head" }, "Save as"),
        html("ul", {}, ...FORMATS.map((format) => this.#choice(format))),
        html("p", { class: "exports-note" }, "Files hold what you have submitted, and name the lines you checked."),
        this.question,
        this.told,
      ),
    );
    this.menu.addEventListener("toggle", () => this.#ask());
    fill(element, this.menu);
    document.addEventListener("pointerdown", ({ target }) => this.menu.contains(target) || this.#close());
    this.menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.menu.open) return;
      event.stopPropagation();
      this.#close();
      this.menu.querySelector("summary").focus();
    });
  }

  show(opened) {
    this.#document = opened;
    this.#ask();
    this.#tell("");
  }

  #choice([format, title, ending]) {
    const choose = () => this.#choose(() => this.#save(format, title));
    return html(
      "li",
      {},
      html("button", { type: "button", "data-format": format, click: choose }, html("span", {}, title), html("small", {}, ending)),
    );
  }

  async #copy() {
    const text = textOf(this.#document);
    try {
      await copy(text);
      const lines = this.#document.pages.reduce((sum, page) => sum + page.lines.length, 0);
      this.#tell(`Copied ${lines} line${lines === 1 ? "" : "s"}.`);
    } catch {
      this.#tell("The browser does not let pages copy. Save as plain text instead.");
    }
  }

  /** A file holds what is submitted only: where something is not, the person decides first. */
  #choose(save) {
    const { pending } = this.#document;
    this.#ask();
    this.#tell("");
    if (pending.length === 0) return save();
    const noun = pending.every((line) => line.changed) ? "changed line" : "changed or checked line";
    const missing = `${count(pending.length, noun)} ${pending.length === 1 ? "is" : "are"} not in the file yet.`;
    const button = (title, click) => html("button", { type: "button", click }, title);
    this.#ask(
      html("p", { role: "alert" }, missing),
      button("Submit and save", () => this.#submitFirst(save)),
      button("Save without", () => (this.#ask(), save())),
    );
    this.question.querySelector("button").focus();
    return undefined;
  }

  /** Where submitting has failed or needs a choice, the bar says so. */
  async #submitFirst(save) {
    this.#ask();
    await this.submit();
    if (this.#document.pending.length === 0) await save();
    else this.#close();
  }

  #ask(...content) {
    fill(this.question, ...content);
    this.question.hidden = content.length === 0;
  }

  async #save(format, title) {
    this.#tell(`Preparing ${title}…`, { lasting: true });
    try {
      this.#tell(`Saved ${await saveFile(`api/v1/documents/${this.#document.id}/export/${format}`)}.`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#tell(error.message, { lasting: true });
    }
  }

  #tell(text, { lasting = false } = {}) {
    clearTimeout(this.#timer);
    this.told.textContent = text;
    if (text && !lasting) this.#timer = setTimeout(() => this.#tell(""), TOLD_MS);
  }

  #close() {
    this.menu.open = false;
  }
}

/** Into the clipboard; by the old way where the page was not served securely and the new one is missing. */
async function copy(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const field = html("textarea", { style: "position: fixed; opacity: 0" });
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (!copied) throw new Error("refused");
}
