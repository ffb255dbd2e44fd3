// The page with a box around every line. Boxes and lines light up together.

import { address } from "./api.js";
import { fill, svg } from "./dom.js";

/** Shows one page of a document; `choose(line)` when a box is clicked, `hover(line or null)` when the pointer moves. */
export class PageView {
  #boxes = new Map();

  constructor(frame, { choose, hover }) {
    this.frame = frame;
    this.choose = choose;
    this.hover = hover;
  }

  show(page) {
    this.#boxes.clear();
    const boxes = page.lines.map((line) => this.#box(line));
    fill(
      this.frame,
      svg(
        "svg",
        { class: "page-picture", viewBox: `0 0 ${page.width} ${page.height}`, role: "img", "aria-label": `Page ${page.page}` },
        svg("image", { href: address(page.image), width: page.width, height: page.height }),
        svg("g", { class: "boxes" }, ...boxes),
      ),
    );
    for (const line of page.lines) this.paint(line);
  }

  /** The box takes the line's state: doubtful, changed, checked, stored or read. */
  paint(line) {
    this.#boxes.get(line)?.setAttribute("data-state", line.state);
  }

  /** Marks a box as "current" or "hot". */
  mark(line, kind, on) {
    this.#boxes.get(line)?.classList.toggle(kind, on);
  }

  #box(line) {
    const box = svg("polygon", {
      class: "box",
      points: line.polygon.map((point) => point.join(",")).join(" "),
      "data-line": line.id,
      click: () => this.choose(line),
      pointerenter: () => this.hover(line),
      pointerleave: () => this.hover(null),
    });
    this.#boxes.set(line, box);
    return box;
  }
}
