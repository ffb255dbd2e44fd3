// The little list under a word: what else the decoder thought it, and its other readings of the whole line.

import { lineChoices, wordAt, wordChoices } from "./alternatives.js";
import { fill, html } from "./dom.js";
import { difference } from "./difference.js";
import { putBeside } from "./popup_room.js";

const ID = "word-choices";

/** One list for the whole screen. The caret stays in the field; ↑ ↓ move in the list, Enter takes, Esc closes. */
export class Choices {
  #row = null;
  #options = [];
  #active = -1;

  constructor() {
    this.element = html("div", { class: "popup choices", id: ID, role: "listbox", "aria-label": "Other readings" });
    this.element.addEventListener("pointerdown", (event) => event.preventDefault()); // the caret stays where it is
    this.element.addEventListener("click", (event) => {
      const place = this.#options.findIndex(({ element }) => element.contains(event.target));
      if (place >= 0) this.#take(place);
    });
  }

  /** Opens at the caret; false where nothing else was thought of. `first`: with the first one chosen already. */
  open(row, { first = false } = {}) {
    this.close();
    const { line, field } = row;
    const caret = field.selectionStart;
    const words = wordChoices(line.text, line.alternatives, caret);
    const whole = lineChoices(line.text, line.alternatives);
    if (words.length === 0 && (!first || whole.length === 0)) return false;
    const [start, end] = words[0] ? [words[0].start, words[0].end] : (wordAt(line.text, caret) ?? [caret, caret]);
    this.#row = row;
    this.#options = [
      ...words.map((choice) => option(choice, html("bdi", {}, choice.text))),
      ...whole.map((text) => option({ text, start: 0, end: line.text.length }, inLine(line.text, text))),
    ];
    fill(this.element, ...group("Instead", this.#options.slice(0, words.length)), ...group("Whole line", this.#options.slice(words.length)));
    row.text.append(this.element);
    this.#place(row, start, end);
    field.setAttribute("aria-controls", ID);
    if (first) this.#activate(0);
    return true;
  }

  /** A key in the field; true where the list took it. Any other key closes it and goes on. */
  press(event) {
    if (this.#row === null || ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return false;
    const count = this.#options.length;
    if (event.key === "ArrowDown" && !event.altKey) this.#activate((this.#active + 1) % count);
    else if (event.key === "ArrowUp" && !event.altKey) this.#activate((this.#active + count - (this.#active < 0 ? 0 : 1)) % count);
    else if (event.key === "Enter" && this.#active >= 0 && !event.ctrlKey && !event.metaKey) this.#take(this.#active);
    else if (event.key === "Escape") this.close();
    else {
      this.close();
      return false;
    }
    return true;
  }

  close() {
    if (this.#row === null) return;
    this.#row.field.removeAttribute("aria-activedescendant");
    this.#row.field.removeAttribute("aria-controls");
    this.element.remove();
    this.#row = null;
    this.#active = -1;
  }

  #take(place) {
    const row = this.#row;
    const { text, start, end } = this.#options[place].choice;
    this.close();
    row.replace(start, end, text);
  }

  #activate(place) {
    this.#active = place;
    this.#options.forEach(({ element }, i) => {
      element.id = `${ID}-${i}`;
      element.setAttribute("aria-selected", String(i === place));
    });
    const { element } = this.#options[place];
    this.#row.field.setAttribute("aria-activedescendant", element.id);
    element.scrollIntoView({ block: "nearest" });
  }

  #place(row, start, end) {
    const word = row.rectangle(start, end);
    const frame = row.text.getBoundingClientRect();
    const { offsetWidth } = this.element;
    const left = Math.max(0, Math.min(word.left - frame.left - 10, frame.width - offsetWidth));
    this.element.style.left = `${left}px`;
    putBeside(this.element, row.text, word);
  }
}

function option(choice, ...content) {
  return { choice, element: html("div", { role: "option", "aria-selected": "false", dir: "auto" }, ...content) };
}

function group(name, options) {
  if (options.length === 0) return [];
  return [html("div", { role: "group", "aria-label": name }, html("p", { "aria-hidden": "true" }, name), ...options.map(({ element }) => element))];
}

/** A reading of the whole line, the words that are otherwise marked. */
function inLine(text, other) {
  const pieces = difference(text, other)[1];
  return html("bdi", {}, ...pieces.map((piece) => (piece.changed ? html("ins", {}, piece.text) : piece.text)));
}
