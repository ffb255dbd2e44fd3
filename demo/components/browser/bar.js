// The bar at the bottom: where the person is, what waits to be submitted, what has just happened.

import { fill, html } from "./dom.js";
import { keysOf } from "./keys.js";

const NEWS_MS = 8000;
const PASSING = new Set(["news", "done", "offer"]); // what a next change makes false; troubles stay
const SAVED = { kept: "draft saved", waiting: "", trouble: "not saved yet" };

export class Bar {
  #timer = null;

  constructor(element, { home, submit, doubtful, checkAll, turn, help, readAgain }) {
    const find = (name) => element.querySelector(name);
    this.place = find(".bar-place");
    this.message = find(".bar-message");
    this.saved = find(".bar-saved");
    this.button = find(".bar-submit");
    this.doubtful = find(".bar-doubtful");
    this.again = find(".bar-again");
    this.pager = find(".bar-pager");
    [this.back, this.on] = [find(".page-back"), find(".page-on")];
    this.checkAll = checkAll;
    this.button.title = keysOf("submit");
    this.doubtful.title = keysOf("doubtful");
    find(".bar-home").addEventListener("click", home);
    this.button.addEventListener("click", submit);
    this.doubtful.addEventListener("click", doubtful);
    this.again.addEventListener("click", readAgain);
    this.back.addEventListener("click", () => turn(-1));
    this.on.addEventListener("click", () => turn(1));
    find(".bar-help").addEventListener("click", help);
    // The line would fold its tools away when it loses the focus, and the button move before it is let go.
    element.addEventListener("mousedown", (event) => event.target.closest("button") && event.preventDefault());
  }

  show(work, page) {
    const pending = work.pending.length;
    const doubtful = work.lines.filter((line) => line.doubtful).length;
    const newer = work.pages.find((each) => each.newer_model)?.newer_model;
    this.button.textContent = pending ? `Submit ${count(pending, "line")}` : "Submit";
    this.doubtful.textContent = doubtful ? count(doubtful, "doubtful line") : "Nothing doubtful";
    this.doubtful.disabled = doubtful === 0;
    this.place.textContent = work.name;
    this.place.title = work.name;
    this.again.hidden = !newer;
    this.again.title = `Read again with ${newer}`;
    if (!this.again.disabled) this.again.textContent = "Read again";
    this.pager.hidden = work.pageCount < 2;
    this.pager.querySelector("span").textContent = `Page ${page?.page ?? 1} of ${work.pageCount}`;
    this.back.disabled = page === work.pages[0];
    this.on.disabled = page === work.pages.at(-1);
  }

  /** Whether what is typed is safe on the server. */
  showSaved(state, work) {
    this.saved.dataset.state = state;
    this.saved.textContent = state === "kept" && work.pending.length === 0 ? "" : SAVED[state];
  }

  /** "news" and "done" pass after a while, an "offer" with the next change, "trouble" only when something else is said. */
  say(text, kind = "news") {
    clearTimeout(this.#timer);
    this.message.dataset.kind = kind;
    fill(this.message, text);
    if (kind === "news" || kind === "done") this.#timer = setTimeout(() => this.moveOn(), NEWS_MS);
  }

  /** Something else has happened since, or another page is shown: what was said may no longer be true. */
  moveOn() {
    if (PASSING.has(this.message.dataset.kind)) this.say("", "");
  }

  /**
   * Nothing was changed or checked: a page that is right as it stands needs one more word from the person. Pages that
   * are not on the screen and lines that the model doubts are not offered: nobody has looked at them.
   */
  offerAll(work, page) {
    const open = work.lines.some((line) => !line.stored);
    const plain = work.plain(page).length;
    const doubtful = page.lines.filter((line) => line.doubtful).length;
    if (work.lines.length === 0) this.say("There is no line to submit.");
    else if (!open) this.say("Every line is saved already.");
    else if (plain) this.#offer(plain, doubtful);
    else if (doubtful) this.say(`Nothing to submit yet: look at ${count(doubtful, "doubtful line")} of this page first.`);
    else this.say("Every line of this page is saved already; other pages have open ones.");
  }

  #offer(plain, doubtful) {
    const press = () => {
      this.checkAll();
      this.focus();
    };
    const lines = doubtful ? count(plain, "line") : plain === 1 ? "the one line" : `the ${plain} lines`;
    this.say("Nothing to submit yet: correct a line, or confirm it with Enter. ", "offer");
    this.message.append(
      html("button", { type: "button", class: "bar-all", click: press }, `Mark ${lines} of this page as checked`),
      doubtful ? `, without ${count(doubtful, "doubtful line")}.` : "",
    );
  }

  busy(button, text) {
    button.disabled = text !== null;
    if (text !== null) button.textContent = text;
  }

  focus() {
    this.button.focus();
  }
}

/** "1 line", "2 lines". */
export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
