// The overlay that lists every key. The browser's own dialog keeps the focus inside and closes on Esc.

import { fill, html } from "./dom.js";
import { KEYS } from "./keys.js";

export class KeyHelp {
  constructor(element) {
    this.dialog = html(
      "dialog",
      { class: "key-help", "aria-labelledby": "key-help-title" },
      html("h2", { id: "key-help-title" }, "Keys"),
      html("button", { type: "button", class: "key-help-close", "aria-label": "Close", click: () => this.dialog.close() }, "×"),
      html("div", { class: "key-groups" }, ...groups()),
      html("p", {}, "Click a doubtful word to see what else it may be. Ctrl and the wheel zoom the page; drag it to move it."),
    );
    element.append(this.dialog);
    // A click on the dialog itself, not on what it holds, is a click on the veil around it.
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("keydown", (event) => event.stopPropagation());
  }

  /** Opens; when it closes the browser gives the focus back to where it was. */
  open() {
    if (!this.dialog.open) this.dialog.showModal();
  }
}

/** The keys in an element: "Ctrl Enter" as two caps. */
export function caps(keys) {
  return keys.split(/ +/).map((key) => html("kbd", {}, key));
}

function groups() {
  const names = [...new Set(KEYS.map(({ group }) => group))];
  return names.map((name) => {
    const rows = KEYS.filter(({ group, keys }) => group === name && keys !== null);
    const list = html("dl", {});
    fill(list, ...rows.flatMap(({ keys, what }) => [html("dt", {}, ...caps(keys)), html("dd", {}, what)]));
    return html("section", {}, html("h3", {}, name), list);
  });
}
