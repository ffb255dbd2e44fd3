// The correction screen: the page left, its lines right, the bar below. Wires the parts; holds no rule of its own.

import { keepCorrections, Refused } from "./api.js";
import { fill, html } from "./dom.js";
import { Effort } from "./effort.js";
import { mountExports } from "./exports.js";
import { KEYS, keysOf } from "./keys.js";
import { LineList } from "./line_list.js";
import { PageView } from "./page_view.js";
import { Work } from "./work.js";

/**
 * Brings the component to life. `props.value` is the document to begin with, or null; "submit" is triggered after lines
 * are stored. Further documents, whole or page by page, come from the shelf as "inkloop:document" events.
 */
export function mount({ element, props, trigger, watch }) {
  mountExports(element.querySelector(".bar-exports"));
  const editor = new Editor(element.querySelector(".editor"), trigger);
  const build = () => props.value && editor.take(props.value);
  watch("value", build);
  build();
  document.addEventListener("inkloop:document", ({ detail }) => editor.take(detail.document, detail));
  document.addEventListener("inkloop:deleted", ({ detail }) => editor.forget(detail.id));
  window.addEventListener("beforeunload", (event) => {
    if (editor.unsaved) event.preventDefault();
  });
}

class Editor {
  #works = new Map(); // what was typed in other documents waits here
  #work = null;
  #page = null;
  #hot = null;
  #sending = false;
  #effort = new Effort();

  constructor(element, trigger) {
    this.element = element;
    this.trigger = trigger;
    this.view = new PageView(element.querySelector(".editor-page"), {
      choose: (line) => this.#go(line),
      hover: (line) => this.#hover(line),
    });
    this.list = new LineList(element.querySelector(".editor-lines"), {
      enter: (line) => this.#enter(line),
      leave: (line) => this.#leave(line),
      write: (line, text) => this.#work.write(line, text),
      press: (_line, event) => this.#effort.press(event),
      command: (name, line) => this.#commands[name](line),
      hover: (line) => this.#hover(line),
    });
    this.bar = new Bar(element.querySelector(".editor-bar"), {
      submit: () => this.#submit(),
      doubtful: () => this.#commands.doubtful(this.#work.current),
      checkAll: () => this.#work.checkAll(),
      turn: (step) => this.#turn(step),
    });
    fill(element.querySelector(".bar-help dl"), ...KEYS.flatMap(([keys, , what]) => keyHint(keys, what)));
    globalThis.document.addEventListener("visibilitychange", () => this.#effort.beat());
  }

  get unsaved() {
    return [...this.#works.values()].some((work) => work.lines.some((line) => line.changed));
  }

  /** Takes in a document, or pages that were missing; shows it, unless another one is open and nobody `asked`. */
  take(document, { asked = false } = {}) {
    const work = this.#works.get(document.id) ?? this.#begin(document);
    work.add(document.pages);
    if (asked || this.#work === null) this.#open(work);
    if (asked) this.element.scrollIntoView({ block: "start", behavior: "smooth" });
  }

  /** Lets go of a document that is no more; if it was open, nothing is until the next one comes. */
  forget(id) {
    const work = this.#works.get(id);
    this.#works.delete(id);
    if (!work || work !== this.#work) return;
    this.#work = null;
    this.element.hidden = true;
    const address = new URL(location.href);
    address.searchParams.delete("document");
    history.replaceState(history.state, "", address);
  }

  #commands = {
    confirm: (line) => {
      this.#work.check(line);
      this.#step(line, 1);
    },
    previous: (line) => this.#step(line, -1),
    doubtful: (line) => {
      const next = this.#work.nextDoubtful(line);
      if (next) this.#go(next, { doubt: true });
      else this.bar.say("No doubtful line is left.");
    },
    undo: (line) => this.#work.undo(line),
    submit: () => this.#submit(),
  };

  #begin(document) {
    const work = new Work(document);
    work.addEventListener("change", ({ detail }) => {
      if (work === this.#work) this.#paint(detail.line);
    });
    this.#works.set(document.id, work);
    return work;
  }

  #open(work) {
    this.element.hidden = false;
    if (work === this.#work) return;
    this.#work = work;
    this.#turnTo(work.current ? work.pageOf(work.current) : work.pages[0]);
    const address = new URL(location.href); // a reload opens the same document
    address.searchParams.set("document", work.id);
    history.replaceState(history.state, "", address);
    document.dispatchEvent(new CustomEvent("inkloop:opened", { detail: { document: work } }));
  }

  #turnTo(page) {
    this.#page = page;
    this.#hot = null;
    this.view.show(page);
    this.list.show(page);
    this.#paint(null);
  }

  #turn(step) {
    const pages = this.#work.pages;
    const page = pages[pages.indexOf(this.#page) + step];
    if (!page) return;
    this.#turnTo(page);
    this.element.scrollIntoView({ block: "start" });
  }

  /** Brings a line to the front, on whichever page it is. */
  #go(line, how) {
    const page = this.#work.pageOf(line);
    if (page !== this.#page) this.#turnTo(page);
    this.list.row(line).focus(how);
  }

  #step(line, step) {
    const next = this.#work.beside(line, step);
    if (next) this.#go(next);
    else if (step > 0) this.bar.focus();
  }

  #enter(line) {
    this.#effort.enter(line);
    this.#work.enter(line);
    this.#mark(line, "current", true);
  }

  #leave(line) {
    this.#effort.leave();
    this.#mark(line, "current", false);
  }

  #hover(line) {
    if (line === this.#hot) return;
    this.#mark(this.#hot, "hot", false);
    this.#mark(line, "hot", true);
    this.#hot = line;
  }

  #mark(line, kind, on) {
    if (!line) return;
    this.view.mark(line, kind, on);
    this.list.row(line)?.mark(kind, on);
  }

  #paint(line) {
    if (line) {
      this.view.paint(line);
      this.list.row(line)?.paint();
    } else {
      for (const each of this.#page?.lines ?? []) this.view.paint(each);
      this.list.paintAll();
    }
    this.bar.show(this.#work, this.#page);
  }

  async #submit() {
    const work = this.#work;
    if (this.#sending) return;
    this.#effort.beat();
    const taken = work.take();
    if (taken.length === 0) {
      this.bar.offerAll(work);
      return;
    }
    this.#sending = true;
    this.bar.busy(true);
    try {
      const stored = await keepCorrections(taken.map(asCorrection));
      work.keep(taken, stored);
      this.bar.say(thanks(taken.length), "done");
      this.trigger("submit", { document: work.id });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      work.giveBack(taken);
      this.bar.say(error.message, "trouble");
    } finally {
      this.#sending = false;
      this.bar.busy(false);
    }
  }
}

/** The bar at the bottom: where the person is, what waits to be submitted, what has just happened. */
class Bar {
  constructor(element, { submit, doubtful, checkAll, turn }) {
    this.place = element.querySelector(".bar-place");
    this.message = element.querySelector(".bar-message");
    this.button = element.querySelector(".bar-submit");
    this.doubtful = element.querySelector(".bar-doubtful");
    this.pager = element.querySelector(".bar-pager");
    this.checkAll = checkAll;
    this.button.title = keysOf("submit");
    this.doubtful.title = keysOf("doubtful");
    this.button.addEventListener("click", submit);
    this.doubtful.addEventListener("click", doubtful);
    this.back = this.pager.querySelector(".page-back");
    this.on = this.pager.querySelector(".page-on");
    this.back.addEventListener("click", () => turn(-1));
    this.on.addEventListener("click", () => turn(1));
  }

  show(work, page) {
    const pending = work.pending.length;
    const doubtful = work.lines.filter((line) => line.doubtful).length;
    this.button.textContent = pending ? `Submit ${count(pending, "line")}` : "Submit";
    this.doubtful.textContent = `${count(doubtful, "doubtful line")}`;
    this.doubtful.disabled = doubtful === 0;
    this.place.textContent = work.name;
    this.place.title = work.name;
    this.pager.hidden = work.pageCount < 2;
    this.pager.querySelector("span").textContent = `Page ${page?.page ?? 1} of ${work.pageCount}`;
    this.back.disabled = page === work.pages[0];
    this.on.disabled = page === work.pages.at(-1);
    if (pending && this.message.dataset.kind !== "trouble") this.say("");
  }

  say(text, kind = "news") {
    this.message.dataset.kind = kind;
    fill(this.message, text);
  }

  /** Nothing was changed or checked: a page that is right as it stands needs one more word from the person. */
  offerAll(work) {
    const rest = work.lines.filter((line) => !line.stored).length;
    if (rest === 0) {
      this.say(work.lines.length ? "Every line is saved already." : "There is no line to submit.");
      return;
    }
    const all = html("button", { type: "button", class: "bar-all", click: this.checkAll }, `Mark all ${rest} as checked`);
    this.say("Nothing to submit yet: correct a line, or confirm it with Enter. ");
    this.message.append(all);
  }

  busy(on) {
    this.button.disabled = on;
    if (on) this.button.textContent = "Saving…";
  }

  focus() {
    this.button.focus();
  }
}

function asCorrection({ line, text, seconds, keystrokes }) {
  return { line_id: line.id, prediction_id: line.predictionId, text, seconds: Math.round(seconds * 10) / 10, keystrokes };
}

function thanks(lines) {
  const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return `Saved ${count(lines, "line")} at ${time}. Thank you.`;
}

function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function keyHint(keys, what) {
  return [html("dt", {}, ...keys.split(" ").map((key) => html("kbd", {}, key))), html("dd", {}, what)];
}
