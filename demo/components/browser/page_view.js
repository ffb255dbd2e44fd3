// The page with a box around every line. Boxes and lines light up together; the window on it zooms and moves.

import { address } from "./api.js";
import { BoxHandles } from "./box_handles.js";
import { fill, html, svg } from "./dom.js";
import { bounds } from "./geometry.js";
import { keysOf } from "./keys.js";
import { gestures } from "./page_gestures.js";
import { PageZoom } from "./page_zoom.js";

/** Shows one page of a document. Tells: choose(line), hover(line or null), reshape(line, shape), draw(corners), look(view). */
export class PageView {
  #boxes = new Map();
  #page = null;
  #current = null;

  constructor(frame, handlers) {
    this.handlers = handlers;
    this.picture = svg("svg", { class: "page-picture", role: "img" });
    this.image = svg("image", { load: () => this.#waiting(false), error: () => this.#waiting(false) });
    this.group = svg("g", { class: "boxes" });
    this.handles = new BoxHandles(this, handlers.reshape);
    this.sketch = svg("polygon", { class: "sketch" });
    this.expected = svg("polygon", { class: "sketch busy" });
    fill(this.picture, this.image, this.group, this.handles.element, this.expected, this.sketch);
    this.pen = tool("page-pen", "Add a line: draw a box around it", "M4 8V4h16v9M4 11v9h9M18 16v6M15 19h6", () => this.drawing(!this.draws));
    this.stage = html("div", { class: "page-stage" }, this.#tools(), this.picture);
    fill(frame, this.stage);
    gestures(this, handlers.draw);
  }

  /** Shows a page; `view` is the window to begin with, or null for the whole page. */
  show(page, view = null) {
    this.#page = page;
    this.#current = null;
    this.zoom = new PageZoom(page.width, page.height, view);
    this.picture.setAttribute("aria-label", `Page ${page.page}`);
    this.stage.style.setProperty("--ratio", page.width / page.height);
    this.#waiting(this.image.getAttribute("href") !== address(page.image));
    for (const [name, value] of Object.entries({ href: address(page.image), width: page.width, height: page.height })) {
      this.image.setAttribute(name, value);
    }
    this.drawing(false);
    this.expect(null);
    this.outline(page);
    this.look();
  }

  /** Whether the page's picture is still on its way. */
  #waiting(on) {
    this.picture.classList.toggle("waiting", on);
  }

  /** Draws the boxes of the page's lines, which may be others than before. */
  outline(page) {
    this.#boxes = new Map(page.lines.map((line) => [line, this.#box(line)]));
    fill(this.group, ...this.#boxes.values());
    for (const line of page.lines) this.paint(line);
    this.current(page.lines.includes(this.#current) ? this.#current : null);
  }

  /** The box takes the line's state: doubtful, changed, checked, stored or read. */
  paint(line) {
    this.#boxes.get(line)?.setAttribute("data-state", line.state);
  }

  /** Marks a box as "hot" or "busy". */
  mark(line, kind, on) {
    this.#boxes.get(line)?.classList.toggle(kind, on);
  }

  /** The line that is worked on: its box stands out, has handles, and comes into the window. */
  current(line) {
    this.mark(this.#current, "current", false);
    this.#current = line;
    this.mark(line, "current", true);
    this.handles.show(line);
    if (line && this.zoom.follow(line)) this.look();
  }

  /** Brings the picture up to the window on the page. */
  look() {
    this.picture.setAttribute("viewBox", this.zoom.viewBox);
    this.picture.classList.toggle("zoomed", this.zoom.scale > 1);
    this.handles.resize();
    this.handlers.look(this.zoom.view);
  }

  /** Whether the next drag draws the box of a new line. */
  drawing(on) {
    this.draws = on;
    this.picture.classList.toggle("drawing", on);
    this.pen.setAttribute("aria-pressed", String(on));
    this.sketch.setAttribute("points", "");
  }

  /** Where a new line is being read, as long as it has no box of its own; null: nowhere. */
  expect(polygon) {
    this.expected.setAttribute("points", polygon ? pointsOf(polygon) : "");
  }

  get page() {
    return this.#page;
  }

  /** The point of the page under a pointer. */
  point({ clientX, clientY }) {
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(this.picture.getScreenCTM().inverse());
    return [x, y];
  }

  /** Pixels of the page in one of the screen. */
  get unit() {
    return this.zoom.width / this.zoom.scale / (this.picture.clientWidth || 1);
  }

  /** Zooms in, out or to the whole page; the line that is worked on comes along. */
  closer() {
    this.#zoom((about) => this.zoom.closer(about));
  }

  farther() {
    this.#zoom((about) => this.zoom.farther(about));
  }

  whole() {
    this.#zoom(() => this.zoom.whole());
  }

  #zoom(step) {
    const box = this.#current && bounds(this.#current.polygon);
    step(box ? [box.x, box.y + box.height / 2] : undefined);
    if (this.#current) this.zoom.follow(this.#current);
    this.look();
  }

  #tools() {
    return html(
      "div",
      { class: "page-tools", role: "toolbar", "aria-label": "The page" },
      this.pen,
      tool("page-farther", "Zoom out", "M5 12h14", () => this.farther()),
      tool("page-whole", "Whole page", "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5", () => this.whole()),
      tool("page-closer", `Zoom in (${keysOf("closer")})`, "M5 12h14M12 5v14", () => this.closer()),
    );
  }

  #choose(line, { pointerType }) {
    this.handlers.choose(line);
    if (pointerType !== "mouse" && line === this.#current) this.handles.tapped();
  }

  #box(line) {
    return svg("polygon", {
      class: "box",
      points: pointsOf(line.polygon),
      "data-line": line.id,
      click: (event) => this.#choose(line, event),
      pointerenter: () => this.handlers.hover(line),
      pointerleave: () => this.handlers.hover(null),
    });
  }
}

function pointsOf(polygon) {
  return polygon.map((point) => point.join(",")).join(" ");
}

function tool(name, title, path, click) {
  const picture = svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: path }));
  return html("button", { type: "button", class: name, title, "aria-label": title.replace(/ \(.*/, ""), click }, picture);
}
