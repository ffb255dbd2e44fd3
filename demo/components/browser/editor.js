// The correction screen: the page left, its lines right, the bar below. Wires the parts; holds no rule of its own.

import { Refused } from "./api.js";
import { Bar, count } from "./bar.js";
import { Choices } from "./choices.js";
import { Commands } from "./commands.js";
import { Effort } from "./effort.js";
import { mountExports } from "./exports.js";
import { KeyHelp } from "./key_help.js";
import { Keeping } from "./keeping.js";
import { LineList } from "./line_list.js";
import { LineTools } from "./line_tools.js";
import { PageList } from "./page_list.js";
import { PageView } from "./page_view.js";
import { Palette } from "./palette.js";
import { placeIn } from "./places.js";
import { Rereading } from "./rereading.js";
import { Structure } from "./structure.js";
import { Submitting } from "./submitting.js";
import { Work } from "./work.js";

/**
 * Brings the component to life. `props.value` is the document to begin with, or null; "submit" is triggered after lines
 * are stored. Further documents, whole or page by page, come from the shelf as "inkloop:document" events; whichever is
 * shown is told as "inkloop:opened".
 */
export function mount({ element, props, trigger, watch }) {
  const editor = new Editor(element.querySelector(".editor"), trigger);
  mountExports(element.querySelector(".bar-exports"), { submit: () => editor.submitting.submit() });
  const build = () => props.value && editor.take(props.value);
  watch("value", build);
  build();
  document.addEventListener("inkloop:document", ({ detail }) => editor.take(detail.document, detail));
  document.addEventListener("inkloop:described", ({ detail }) => editor.rename(detail.id, detail.name));
  document.addEventListener("inkloop:deleted", ({ detail }) => editor.forget(detail.id));
  editor.element.dataset.ready = "";
}

const WIDE = 1.3; // width by height from which a page lies on its side

class Editor {
  #works = new Map(); // what was typed in other documents waits here
  #hot = null;

  constructor(element, trigger) {
    this.element = element;
    this.trigger = trigger;
    this.work = null;
    this.page = null;
    this.effort = new Effort();
    this.keeping = new Keeping(this, this.#works);
    this.commands = new Commands(this);
    this.#furnish();
  }

  /** Takes in a document, or pages that were missing; shows it, unless another one is open and nobody `asked`. */
  take(document, { asked = false } = {}) {
    const work = this.#works.get(document.id) ?? this.#begin(document);
    work.add(document.pages);
    if (asked || this.work === null) this.#open(work, asked);
  }

  /** A document is called something else from now on. */
  rename(id, name) {
    const work = this.#works.get(id);
    if (!work) return;
    work.name = name;
    if (work === this.work) this.bar.show(work, this.page);
  }

  /** Lets go of a document that is no more; if it was open, nothing is until the next one comes. */
  forget(id) {
    const work = this.#works.get(id);
    this.#works.delete(id);
    if (work) this.keeping.drafts.forget(work.lines);
    if (!work || work !== this.work) return;
    this.work = null;
    this.element.hidden = true;
    const address = new URL(location.href);
    address.searchParams.delete("document");
    history.replaceState(history.state, "", address);
  }

  // ---- what the parts ask of the desk they stand on ----

  say(text, kind) {
    this.bar.say(text, kind);
  }

  /** Brings a line to the front, on whichever page it is. */
  go(line, how) {
    const page = this.work.pageOf(line);
    if (!page) return;
    if (page !== this.page) this.#turnTo(page, this.view.zoom.onto());
    this.list.row(line).focus(how);
  }

  /** The next page or the one before. */
  turn(step) {
    const { pages } = this.work;
    const page = pages[pages.indexOf(this.page) + step];
    if (page) this.#leaf(page);
    else this.say(step < 0 ? "This is the first page." : "This is the last page.");
  }

  /** Where the caret stands in a line's text. */
  caret(line) {
    return this.list.row(line)?.field.selectionStart ?? 0;
  }

  mark(lines, kind, on) {
    for (const line of lines) {
      this.view.mark(line, kind, on);
      this.list.row(line)?.mark(kind, on);
    }
  }

  /** Does something that the server may refuse; its sentence goes into the bar. */
  async attempt(action, failed = () => {}) {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.say(error.message, "trouble");
      await this.attempt(() => failed(error));
    }
  }

  // ---- putting it together ----

  #furnish() {
    const find = (name) => this.element.querySelector(name);
    const command = (name, line, how) => this.commands.run(name, line, how);
    this.structure = new Structure(this);
    this.submitting = new Submitting(this);
    this.rereading = new Rereading(this);
    this.choices = new Choices();
    this.palette = new Palette();
    this.help = new KeyHelp(this.element);
    this.tools = new LineTools(command);
    this.view = new PageView(find(".editor-page"), {
      choose: (line) => this.go(line),
      hover: (line) => this.#hover(line),
      reshape: (line, shape) => this.structure.reshape(line, shape),
      draw: (polygon) => this.structure.draw(polygon),
      look: () => this.keeping.moved(),
    });
    this.list = new LineList(find(".editor-lines"), {
      enter: (line) => this.#enter(line),
      leave: (line, event) => this.#leave(event),
      write: (line, text) => this.work.write(line, text),
      pour: (line, texts) => this.#pour(line, texts),
      press: (_line, event) => this.#press(event),
      point: (line) => this.#point(line),
      hover: (line) => this.#hover(line),
      drop: (line, place) => this.structure.drop(line, place),
      settle: (line, choice) => this.#settle(line, choice),
      command,
    });
    this.bar = new Bar(find(".editor-bar"), {
      home: () => window.scrollTo({ top: 0, behavior: "smooth" }),
      submit: () => this.submitting.submit(),
      doubtful: () => command("doubtful"),
      checkAll: () => this.work.checkPlain(this.page),
      turn: (step) => this.turn(step),
      help: () => this.help.open(),
      readAgain: () => this.rereading.run(),
    });
    this.pages = new PageList(find(".page-list select"), (page) => this.#leaf(page));
  }

  // ---- documents and pages ----

  #begin(document) {
    const work = new Work(document);
    this.keeping.watch(work);
    work.addEventListener("change", ({ detail }) => {
      if (work !== this.work) return;
      if (detail.from === "person") this.bar.moveOn();
      this.#paint(detail.line);
    });
    work.addEventListener("pages", ({ detail }) => work === this.work && this.#repaged(detail.page));
    this.#works.set(document.id, work);
    return work;
  }

  #open(work, asked) {
    this.element.hidden = false;
    if (work !== this.work) {
      this.work = work;
      const place = placeIn(work.id);
      const line = work.current ?? work.line(place?.line);
      const known = line && work.pageOf(line);
      this.#turnTo(known ?? work.pages[0], known && place?.view);
      const address = new URL(location.href); // a reload opens the same document
      address.searchParams.set("document", work.id);
      history.replaceState(history.state, "", address);
      if (known) this.go(line, { caret: place?.caret ?? 0 });
      document.dispatchEvent(new CustomEvent("inkloop:opened", { detail: { document: work } }));
      if (known) return;
    }
    if (asked) this.element.scrollIntoView({ block: "start", behavior: "smooth" });
  }

  #turnTo(page, view = null) {
    this.page = page;
    this.#hot = null;
    this.bar.moveOn();
    this.choices.close();
    this.palette.close();
    this.element.toggleAttribute("data-wide", page.width > WIDE * page.height);
    this.view.show(page, view);
    this.list.show(page);
    this.#paint(null);
  }

  /** To another page of the document, and to its first line. */
  #leaf(page) {
    this.#turnTo(page, this.view.zoom.onto());
    if (page.lines.length) this.go(page.lines[0]);
    this.element.scrollIntoView({ block: "start" });
  }

  // ---- lines ----

  #enter(line) {
    if (this.work.current !== line) {
      this.choices.close();
      this.palette.close();
    }
    this.list.row(this.work.current)?.mark("current", false);
    this.effort.enter(line);
    this.work.enter(line);
    this.list.row(line).mark("current", true);
    this.tools.show(this.list.row(line));
    this.view.current(line);
    this.keeping.moved();
  }

  #leave(event) {
    if (event.relatedTarget?.closest?.(".popup")) return;
    this.choices.close();
    this.palette.close();
    this.effort.leave();
    this.keeping.drafts.flush();
  }

  #press(event) {
    this.effort.press(event);
    if (this.choices.press(event)) event.preventDefault();
  }

  /** A click put the caret somewhere: into a doubtful word, perhaps. */
  #point(line) {
    const row = this.list.row(line);
    if (row.doubtAt(row.field.selectionStart)) this.choices.open(row);
    else this.choices.close();
  }

  #settle(line, choice) {
    this.work.settle(line, choice);
    this.go(line, { caret: line.text.length });
  }

  #pour(line, texts) {
    const into = this.work.pour(line, texts);
    const last = into.at(-1);
    this.go(last, { caret: last.text.length });
    if (into.length > 1) this.say(`${count(texts.length, "line")} pasted. Undo takes them back.`);
  }

  #hover(line) {
    if (line === this.#hot) return;
    for (const [each, on] of [[this.#hot, false], [line, true]]) if (each) this.mark([each], "hot", on);
    this.#hot = line;
  }

  // ---- what has changed ----

  #repaged(page) {
    if (page !== this.page) return;
    this.view.outline(page);
    this.list.show(page);
  }

  #paint(line) {
    if (line) {
      this.view.paint(line);
      this.list.row(line)?.paint();
    } else {
      for (const each of this.page?.lines ?? []) this.view.paint(each);
      this.list.paintAll();
    }
    const current = this.list.row(this.work.current);
    if (current) this.tools.show(current);
    this.bar.show(this.work, this.page);
    this.pages.show(this.work, this.page);
    this.keeping.paint();
  }
}
