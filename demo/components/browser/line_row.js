// One line to correct: its image directly above its text.

import { address } from "./api.js";
import { fill, html, svg } from "./dom.js";
import { cut } from "./geometry.js";
import { rivalry } from "./rivalry.js";
import { nextDoubt, pieces } from "./words.js";

const CROP_HEIGHT_REM = 3.2;
const STATES = { changed: () => "changed", checked: () => "checked", stored: () => "saved", doubtful: wordsToCheck, read: () => "" };
const VERDICTS = { illegible: "illegible", not_text: "not text" };

/** Shows one LineWork. The field grows with its text because an unseen copy of the text (the mirror) lies under it. */
export class LineRow {
  constructor(line, page, { settle }) {
    this.line = line;
    this.settle = settle;
    this.number = html("span", { class: "line-number", "aria-hidden": "true", title: "Drag to change the reading order" });
    this.field = html("textarea", {
      class: "line-field",
      rows: "1",
      dir: "auto",
      spellcheck: "false",
      autocomplete: "off",
      autocapitalize: "off",
      "data-line": line.id,
    });
    this.mirror = html("div", { class: "line-mirror", dir: "auto", "aria-hidden": "true" });
    this.state = html("span", { class: "line-state" });
    this.tools = html("div", { class: "line-tools-place" });
    this.note = html("p", { class: "line-note", hidden: true });
    this.rival = html("div", { class: "line-rival", hidden: true });
    this.crop = crop(line, page);
    this.text = html("div", { class: "line-text" }, this.mirror, this.field);
    this.element = html(
      "li",
      { class: "line", "data-line": line.id },
      html("div", { class: "line-head" }, this.number, this.state, this.tools),
      html("div", { class: "line-body" }, this.crop, this.text, this.note, this.rival),
    );
    this.paint();
  }

  /** Brings text, marks and state on the screen up to the line's. */
  paint() {
    const { line } = this;
    if (this.field.value !== line.text) this.#put(line.text);
    // An empty mirror would have no height. Behind a text, the character would wrap where the field does not.
    fill(this.mirror, ...(line.text ? this.#marks() : ["\u200b"]));
    this.number.textContent = line.number;
    this.field.setAttribute("aria-label", this.#label());
    this.crop.setAttribute("aria-label", `Image of line ${line.number}`);
    this.element.dataset.state = line.state;
    this.element.dataset.verdict = line.verdict;
    const verdict = VERDICTS[line.verdict];
    this.state.textContent = [verdict, verdict && line.changed ? "" : STATES[line.state](line)].filter(Boolean).join(", ");
    this.note.hidden = line.unknown.length === 0;
    fill(this.note, ...newcomers(line.unknown));
    this.#paintRival();
  }

  mark(kind, on) {
    this.element.classList.toggle(kind, on);
  }

  /** Puts the caret into the field; with `doubt` on the first doubtful word, selected; with `caret` there. */
  focus({ doubt = false, caret = 0 } = {}) {
    this.field.focus({ preventScroll: true });
    const place = (doubt && nextDoubt(this.line.text, this.line.words)) || [caret, caret];
    this.field.setSelectionRange(...place);
    this.element.scrollIntoView({ block: "nearest" });
  }

  /** Puts a text in place of a part of the line's, the caret behind it, as if typed. */
  replace(start, end, text) {
    this.field.focus({ preventScroll: true });
    this.field.setRangeText(text, start, end, "end");
    this.field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }

  /** Whether a caret at an offset stands in a word that is marked as doubtful. */
  doubtAt(offset) {
    let start = 0;
    return this.#marks().some((piece) => {
      const length = (piece.textContent ?? piece).length;
      const inside = typeof piece !== "string" && start <= offset && offset <= start + length;
      start += length;
      return inside;
    });
  }

  /** Where a part of the text stands in the window. */
  rectangle(start, end) {
    const range = document.createRange();
    range.setStart(...this.#pointAt(start));
    range.setEnd(...this.#pointAt(end));
    return range.getBoundingClientRect();
  }

  /** A new value, which may come from elsewhere while somebody types: the caret stays where it was. */
  #put(text) {
    const { field } = this;
    const caret = [field.selectionStart, field.selectionEnd];
    field.value = text;
    if (document.activeElement === field) field.setSelectionRange(...caret.map((at) => Math.min(at, text.length)));
  }

  #label() {
    const { line } = this;
    return [`Line ${line.number}`, VERDICTS[line.verdict], line.doubtful && "doubtful"].filter(Boolean).join(", ");
  }

  #paintRival() {
    const { line } = this;
    this.rival.hidden = line.rival === null;
    fill(this.rival, ...(line.rival ? rivalry(line, (choice) => this.settle(line, choice)) : []));
  }

  #pointAt(offset) {
    let rest = offset;
    const texts = document.createTreeWalker(this.mirror, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      if (rest <= node.length) return [node, rest];
      rest -= node.length;
    }
    return [this.mirror, 0];
  }

  /** In few pieces: the width of each is rounded, and a row of many would wrap where the field's does not. */
  #marks() {
    const vouched = this.line.stored || this.line.checked || this.line.verdict !== "text";
    return pieces(this.line.text, this.line.words).map((piece) =>
      piece.doubtful && !vouched ? html("mark", {}, piece.text) : piece.text,
    );
  }
}

/** How many words are marked: what there is to do, where a number of how sure the model is would only be weighed. */
function wordsToCheck({ doubts }) {
  return `${doubts} word${doubts === 1 ? "" : "s"} to check`;
}

function crop(line, page) {
  const { turn, box, air } = cut(line);
  const ratio = box.width / box.height;
  return svg(
    "svg",
    {
      class: "line-crop",
      viewBox: `${box.x} ${box.y} ${box.width} ${box.height}`,
      style: `aspect-ratio: ${ratio}; width: min(100%, ${CROP_HEIGHT_REM * ratio}rem)`,
      role: "img",
    },
    svg("image", { href: address(page.image), width: page.width, height: page.height, transform: turn }),
    ...veil(line, { turn, box, air }),
  );
}

/** Fades what is around the line: bits of its neighbours. */
function veil(line, { turn, box, air }) {
  const id = `veil-${line.id}`;
  const points = line.polygon.map((point) => point.join(",")).join(" ");
  const hole = svg("polygon", { points, transform: turn, stroke: "#000", "stroke-width": 2 * air, style: `filter: blur(${air / 2}px)` });
  const all = svg("rect", { ...box, fill: "#fff" });
  return [
    svg("mask", { id, maskUnits: "userSpaceOnUse", ...box }, all, hole),
    svg("rect", { class: "crop-veil", ...box, mask: `url(#${id})` }),
  ];
}

/** The note about characters the model does not know; one that cannot be seen goes by its number. */
function newcomers(characters) {
  const named = characters.map((character) =>
    /[\p{C}\p{M}\p{Z}]/u.test(character) ? codePoint(character) : html("bdi", {}, `“${character}”`),
  );
  const list = named.flatMap((each, index) => (index ? [", ", each] : [each]));
  return [...list, ` ${characters.length === 1 ? "is" : "are"} new to the model. Your text is kept as you typed it.`];
}

function codePoint(character) {
  return `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}
