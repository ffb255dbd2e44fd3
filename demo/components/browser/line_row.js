// One line to correct: its image directly above its text.

import { address } from "./api.js";
import { fill, html, svg } from "./dom.js";
import { cut } from "./geometry.js";
import { nextDoubt, pieces } from "./words.js";

const CROP_HEIGHT_REM = 3.2;
const STATES = { changed: "changed", checked: "checked", stored: "saved", doubtful: "please check", read: "" };

/** Shows one LineWork. The field grows with its text because an unseen copy of the text (the mirror) lies under it. */
export class LineRow {
  constructor(line, page) {
    this.line = line;
    this.field = html("textarea", {
      class: "line-field",
      rows: "1",
      dir: "auto",
      spellcheck: "false",
      autocomplete: "off",
      autocapitalize: "off",
      "aria-label": `Line ${line.number}`,
      "data-line": line.id,
    });
    this.field.value = line.text;
    this.mirror = html("div", { class: "line-mirror", dir: "auto", "aria-hidden": "true" });
    this.state = html("span", { class: "line-state" });
    this.note = html("p", { class: "line-note", hidden: true });
    this.element = html(
      "li",
      { class: "line", "data-line": line.id },
      html("span", { class: "line-number", "aria-hidden": "true" }, String(line.number)),
      html(
        "div",
        { class: "line-body" },
        crop(line, page),
        html("div", { class: "line-text" }, this.mirror, this.field),
        this.note,
      ),
      html("div", { class: "line-side" }, sureness(line), this.state),
    );
    this.paint();
  }

  /** Brings text, marks and state on the screen up to the line's. */
  paint() {
    const { line } = this;
    if (this.field.value !== line.text) this.field.value = line.text;
    // The trailing character gives the mirror's last, perhaps empty, row its height.
    fill(this.mirror, ...this.#marks(), "\u200b");
    this.element.dataset.state = line.state;
    this.state.textContent = STATES[line.state];
    this.note.hidden = line.unknown.length === 0;
    fill(this.note, ...newcomers(line.unknown));
  }

  mark(kind, on) {
    this.element.classList.toggle(kind, on);
  }

  /** Puts the caret into the field; with `doubt` on the first doubtful word, selected. */
  focus({ doubt = false } = {}) {
    this.field.focus({ preventScroll: true });
    const place = (doubt && nextDoubt(this.line.text, this.line.words)) || [0, 0];
    this.field.setSelectionRange(...place);
    this.element.scrollIntoView({ block: "nearest" });
  }

  #marks() {
    const vouched = this.line.stored || this.line.checked;
    return pieces(this.line.text, this.line.words).map((piece) =>
      piece.doubtful && !vouched ? html("mark", {}, piece.text) : piece.text,
    );
  }
}

function crop(line, page) {
  const { turn, box } = cut(line);
  const ratio = box.width / box.height;
  return svg(
    "svg",
    {
      class: "line-crop",
      viewBox: `${box.x} ${box.y} ${box.width} ${box.height}`,
      style: `aspect-ratio: ${ratio}; width: min(100%, ${CROP_HEIGHT_REM * ratio}rem)`,
      role: "img",
      "aria-label": `Image of line ${line.number}`,
    },
    svg("image", { href: address(page.image), width: page.width, height: page.height, transform: turn }),
  );
}

function sureness(line) {
  const percent = `${Math.round(line.confidence * 100)}\u202f%`;
  return html(
    "span",
    { class: "line-sure", title: `The model gives this line ${percent} to be entirely right.` },
    `${percent} sure`,
  );
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
