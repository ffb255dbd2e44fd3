// The lines of one page, in reading order, and what keys and the pointer do in them.

import { fill, html } from "./dom.js";
import { commandOf } from "./keys.js";
import { LineRow } from "./line_row.js";

/** Shows the rows of one page and tells what people do: enter, leave, write, press, command, hover. */
export class LineList {
  #rows = new Map();

  constructor(frame, handlers) {
    this.frame = frame;
    this.handlers = handlers;
    this.list = html("ol", { class: "lines", "aria-label": "Lines of the page" });
    this.#listen();
  }

  show(page) {
    this.#rows = new Map(page.lines.map((line) => [line.id, new LineRow(line, page)]));
    fill(this.list, ...[...this.#rows.values()].map((row) => row.element));
    fill(this.frame, page.note ? html("p", { class: "page-note" }, page.note) : null, this.list);
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
    on("focusout", inField((row) => this.handlers.leave(row.line)));
    on("input", inField((row) => this.#write(row)));
    on("keydown", inField((row, event) => this.#press(row, event)));
    on("pointerover", (row) => this.handlers.hover(row.line));
    this.list.addEventListener("pointerleave", () => this.handlers.hover(null));
    on("click", (row, event) => {
      if (event.target !== row.field) row.focus();
    });
  }

  /** A line has no line breaks: pasted ones become spaces. */
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
    const command = commandOf(event);
    if (command === null) return;
    event.preventDefault();
    this.handlers.command(command, row.line);
  }
}
