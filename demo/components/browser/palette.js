// The palette of characters that keyboards lack, under the line that is being worked on.

import { GROUPS, recentCharacters, useCharacter } from "./characters.js";
import { fill, html } from "./dom.js";
import { putBeside } from "./popup_room.js";

/** One palette for the whole screen. Arrows move, Enter inserts and closes, a click inserts and stays, Esc closes. */
export class Palette {
  #row = null;

  constructor() {
    this.element = html("div", { class: "popup palette", role: "dialog", "aria-label": "Characters" });
    this.element.addEventListener("pointerdown", (event) => event.preventDefault());
    this.element.addEventListener("click", (event) => this.#click(event));
    this.element.addEventListener("keydown", (event) => this.#press(event));
    this.element.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !this.element.contains(relatedTarget) && relatedTarget !== this.#row?.field) this.close();
    });
  }

  /** Opens under a line, the focus in it if `keys` opened it; closes where it is open there already. */
  toggle(row, { keys = false } = {}) {
    const open = this.#row === row;
    this.close();
    if (open) return;
    this.#row = row;
    this.#build();
    row.text.append(this.element);
    putBeside(this.element, row.text, row.field.getBoundingClientRect());
    if (keys) this.element.querySelector("button").focus({ preventScroll: true });
  }

  close() {
    this.#row = null;
    this.element.remove();
  }

  #build() {
    const used = recentCharacters();
    const groups = used.length ? [{ name: "Used last", characters: used }, ...GROUPS] : GROUPS;
    fill(this.element, ...groups.map(({ name, characters }) => group(name, characters)));
  }

  #click(event) {
    const character = event.target.closest("button")?.textContent;
    if (!character) return;
    this.#insert(character);
    if (event.detail === 0) this.close(); // by a key
  }

  #insert(character) {
    const row = this.#row;
    useCharacter(character);
    row.replace(row.field.selectionStart, row.field.selectionEnd, character);
  }

  #press(event) {
    event.stopPropagation();
    if (event.key === "Escape") {
      const { field } = this.#row;
      this.close();
      field.focus();
    } else if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      this.#move(event);
    }
  }

  #move({ key, target }) {
    const buttons = [...this.element.querySelectorAll("button")];
    const at = buttons.indexOf(target);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    const next = step ? buttons[at + step] : nearest(buttons, target, key === "ArrowDown" ? 1 : -1);
    next?.focus();
  }
}

function group(name, characters) {
  const buttons = characters.map((character) => html("button", { type: "button" }, character));
  return html("section", { role: "group", "aria-label": name }, html("p", { "aria-hidden": "true" }, name), html("div", {}, ...buttons));
}

/** The button closest in the next row up or down. */
function nearest(buttons, from, direction) {
  const here = from.getBoundingClientRect();
  const away = (other) => {
    const there = other.getBoundingClientRect();
    const down = (there.top - here.top) * direction;
    return down > 4 ? down * 100 + Math.abs(there.left - here.left) : Infinity;
  };
  return buttons.reduce((best, each) => (away(each) < away(best) ? each : best), from);
}
