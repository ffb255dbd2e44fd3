// Which lines the figures are about, asking for them, and keeping them fresh while somebody looks.

import { findInsight, Refused } from "./api.js";
import { fill, html } from "./dom.js";
import { board } from "./insight_board.js";

const FRESH_MS = 30_000;
const REMEMBERED = "inkloop.insights"; // the question, for the next visit
const ALL = { days: "", model: "", collection: "", mine: "" };

/** Brings the component to life. It has no value: it asks by itself. */
export function mount({ element }) {
  new InsightsTab(element.querySelector(".insights"));
}

class InsightsTab {
  #visible = false;
  #asked = 0;
  #shown = "";

  constructor(element) {
    this.element = element;
    this.form = element.querySelector("form");
    this.moment = element.querySelector(".insight-moment");
    this.message = element.querySelector(".insight-message");
    this.board = element.querySelector(".insight-board");
    this.question = { ...ALL, ...recall() };
    this.form.addEventListener("change", () => this.#choose());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ask();
    });
    new IntersectionObserver((entries) => this.#look(entries.at(-1).isIntersecting)).observe(element);
    document.addEventListener("visibilitychange", () => this.#visible && !document.hidden && this.#ask());
    setInterval(() => this.#visible && !document.hidden && this.#ask(), FRESH_MS);
  }

  #look(visible) {
    if (visible && !this.#visible) this.#ask();
    this.#visible = visible;
  }

  #choose() {
    this.#put(Object.fromEntries(new FormData(this.form)));
    this.#ask();
  }

  #put(question) {
    this.question = { ...this.question, ...question };
    localStorage.setItem(REMEMBERED, JSON.stringify(this.question));
  }

  async #ask() {
    const turn = ++this.#asked;
    this.element.setAttribute("aria-busy", "true");
    if (!this.#shown) this.moment.textContent = "Counting…";
    try {
      const answer = await findInsight(this.question);
      if (turn === this.#asked) this.#show(answer);
    } catch (error) {
      if (turn === this.#asked) this.#fail(error);
    }
    if (turn === this.#asked) this.element.setAttribute("aria-busy", "false");
  }

  #show(answer) {
    this.message.hidden = true;
    this.moment.textContent = `as of ${new Date().toLocaleTimeString("en-GB", { timeStyle: "short" })}`;
    const text = JSON.stringify(answer);
    if (text === this.#shown) return; // nothing new: leave what the person is reading alone
    this.#shown = text;
    this.#offer(answer);
    const typed = (speed) => this.#retype(speed);
    fill(this.board, ...board(answer, { asked: this.#narrowed, typed }));
    this.element.dataset.ready = "";
  }

  #fail(error) {
    if (!(error instanceof Refused)) console.error(error);
    // A version of an earlier visit that is no longer there, or that others alone have corrected.
    if (error.status === 404 && this.#drop(["model", "collection"])) return;
    if (error.status === 422 && this.#drop(Object.keys(this.question))) return;
    this.moment.textContent = "";
    this.message.textContent = error.message;
    this.message.hidden = false;
  }

  /** Asks again without these parts of the question; false where it has none of them. */
  #drop(names) {
    const asked = names.filter((name) => (this.question[name] ?? "") !== "");
    this.#put(Object.fromEntries(asked.map((name) => [name, ""])));
    if (asked.length) this.#ask();
    return asked.length > 0;
  }

  get #narrowed() {
    return Object.keys(ALL).some((name) => this.question[name] !== "");
  }

  #retype(speed) {
    this.#put({ characters_per_second: speed });
    this.#ask();
  }

  #offer({ may_ask_about_everybody, insight }) {
    const { days, model, collection, mine } = this.form.elements;
    choices(model, insight.models);
    choices(collection, insight.collections);
    mine.closest("label").hidden = !may_ask_about_everybody;
    for (const select of [days, model, collection, mine]) select.value = this.question[select.name];
  }
}

function choices(select, names) {
  fill(select, html("option", { value: "" }, "all"), ...names.map((name) => html("option", { value: name }, name)));
  select.closest("label").hidden = names.length === 0;
}

function recall() {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED)) ?? {};
  } catch {
    return {};
  }
}
