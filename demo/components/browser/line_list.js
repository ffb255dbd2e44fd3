// The lines of one page, in reading order, and what keys and the pointer do in them.

import { leadsOut } from "./caret_rows.js";
import { fill, html } from "./dom.js";
import { commandOf } from "./keys.js";
import { draggable } from "./line_drag.js";
import { LineRow } from "./line_row.js";
import { caretUnder } from "./pointing.js";

const STEPS = { above: -1, below: 1 }; // within a text, the caret moves by itself

/** Shows the rows of one page and tells what people do: enter, leave, write, pour, press, command, hover, drop, settle. */
export class LineList {
  #rows = new Map();
  #page = null;

  constructor(frame, handlers) {
    this.handlers = handlers;
    this.note = html("p", { class: "page-note", hidden: true });
    this.list = html("ol", { class: "lines", "aria-label": "Lines of the page" });
    fill(frame, this.note, this.list);
    this.#listen();
    draggable(this.list, (element, place) => handlers.drop(this.#rows.get(element.dataset.line).line, place));
  }

  /** Shows a page; rows of lines that were shown already stay as they are, with the caret in them. */
  show(page) {
    const keep = page.id === this.#page ? this.#rows : new Map();
    this.#page = page.id;
    this.#rows = new Map(page.lines.map((line) => [line.id, keep.get(line.id) ?? new LineRow(line, page, this.handlers)]));
    const elements = [...this.#rows.values()].map((row) => row.element);
    for (const old of [...this.list.children]) if (!elements.includes(old)) old.remove();
    elements.forEach((element, place) => {
      if (this.list.children[place] !== element) this.list.insertBefore(element, this.list.children[place] ?? null);
    });
    this.note.hidden = !page.note;
    this.note.textContent = page.note;
  }

  row(line) {
    return this.#rows.get(line?.id);
  }

  paintAll() {
    for (const row of this.#rows.values()) row.paint();
  }

  // One listener per kind for the whole list: a page of sixty lines costs no more than one of six.
  #listen() {
    const on = (kind, handler) =>
      this.list.addEventListener(kind, (event) => {
        const row = this.#rows.get(event.target.closest?.("[data-line]")?.dataset.line);
        if (row) handler(row, event);
      });
    const inField = (handler) => (row, event) => {
      if (event.target === row.field) handler(row, event);
    };
    on("focusin", inField((row) => this.handlers.enter(row.line)));
    on("focusout", inField((row, event) => this.handlers.leave(row.line, event)));
    on("beforeinput", inField((_row, event) => this.#beforeInput(event)));
    on("paste", inField((row, event) => this.#paste(row, event)));
    on("input", inField((row) => this.#write(row)));
    on("keydown", inField((row, event) => this.#press(row, event)));
    on("pointerover", (row) => this.handlers.hover(row.line));
    this.list.addEventListener("pointerleave", () => this.handlers.hover(null));
    on("click", (row, event) => {
      if (event.target === row.field) this.handlers.point(row.line);
      else if (!event.target.closest("button, .line-rival")) row.focus({ caret: caretUnder(row, event) });
    });
  }

  /** The browser's own undo knows one field; ours knows the document. */
  #beforeInput(event) {
    const command = { historyUndo: "undo", historyRedo: "redo" }[event.inputType];
    if (!command) return;
    event.preventDefault();
    this.handlers.command(command);
  }

  /** Several pasted lines are lines of the page; the first stands in place of a text that nobody has touched yet. */
  #paste({ line, field }, event) {
    const [first, ...more] = linesOf(event.clipboardData?.getData("text/plain") ?? "");
    if (more.length === 0) return;
    event.preventDefault();
    const { value, selectionStart, selectionEnd } = field;
    const whole = line.untouched ? first : value.slice(0, selectionStart) + first + value.slice(selectionEnd);
    this.handlers.pour(line, [whole, ...more]);
  }

  /** A line has no line breaks: ones that come in some other way become spaces. */
  #write(row) {
    const { field } = row;
    if (/[\r\n]/.test(field.value)) {
      const caret = field.selectionStart;
      field.value = field.value.replace(/\s*[\r\n]+\s*/g, " ");
      field.setSelectionRange(caret, caret);
    }
    this.handlers.write(row.line, field.value);
  }

  #press(row, event) {
    this.handlers.press(row.line, event);
    if (event.defaultPrevented) return;
    const command = commandOf(event);
    const step = STEPS[command];
    if (command === null || (step && !leadsOut(row, step))) return;
    event.preventDefault();
    event.stopPropagation();
    this.handlers.command(command, row.line, { byKey: true });
  }
}

function linesOf(text) {
  return text.split(/[\r\n]+/).map((each) => each.trim()).filter(Boolean);
}
