// What can be done to the line that is being worked on, as a few small buttons beside it; each has a key too.

import { html, svg } from "./dom.js";
import { keysOf } from "./keys.js";

const TOOLS = [
  ["confirm", "Right as it stands", "M4 12.5 9.5 18 20 6.5"],
  ["illegible", "Illegible", "M2.5 14c1.8-7 4-7 4.8 0s3 7 4.7 0 3-7 4.7-2 2.8 5 4.8 2"],
  ["not_text", "Not text", "M6 5.5h12M12 5.5V19M4 20.5 20 3.5"],
  ["remove", "Delete the line", "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13"],
  ["split", "Split at the caret", "M12 3v18M8 8l-4 4 4 4M16 8l4 4-4 4"],
  ["join", "Join with the next line", "M3 8l5 4-5 4M21 8l-5 4 5 4M12 3v18"],
  ["insert", "New line under this one", "M4 6h16M12 11v9M7.5 15.5h9"],
  ["characters", "Characters", "M5 20h4.5c-3-2-4-4.5-4-7a6.5 6.5 0 0 1 13 0c0 2.5-1 5-4 7H19"],
];

/** One toolbar, which stands beside whichever line is current. Its buttons leave the caret where it is. */
export class LineTools {
  #buttons = new Map();

  constructor(command) {
    const buttons = TOOLS.map(([name, title, path]) => this.#button(name, title, path, command));
    this.element = html("div", { class: "line-tools", role: "toolbar", "aria-label": "This line" }, ...buttons);
    this.element.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  show(row) {
    if (this.element.parentElement !== row.tools) row.tools.append(this.element);
    for (const verdict of ["illegible", "not_text"]) {
      this.#buttons.get(verdict).setAttribute("aria-pressed", String(row.line.verdict === verdict));
    }
  }

  #button(name, title, path, command) {
    const picture = svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: path }));
    const button = html(
      "button",
      // Not in the order of Tab, which leads from line to line: every tool has its key.
      { type: "button", tabindex: "-1", title: `${title} (${keysOf(name)})`, "aria-label": title, click: () => command(name) },
      picture,
    );
    this.#buttons.set(name, button);
    return button;
  }
}
