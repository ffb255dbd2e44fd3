// The handles of the line that is worked on: corners and edges of its box, points of its baseline.

import { svg, fill } from "./dom.js";
import { bounds } from "./geometry.js";
import { inBox, onPage, simplified } from "./shapes.js";

const HANDLE_PX = 5;
const TOLERANCE = 0.07; // of the line's height: a box of eighty points is dragged by a dozen

export class BoxHandles {
  #line = null;
  #shape = null; // {polygon, baseline} with few points, as it is dragged
  #drag = null;

  constructor(view, reshape) {
    this.view = view;
    this.reshape = reshape;
    this.element = svg("g", { class: "handles" });
    this.element.addEventListener("pointerdown", (event) => this.#begin(event));
    this.element.addEventListener("pointermove", (event) => this.#move(event));
    this.element.addEventListener("pointerup", (event) => this.#end(event));
    this.element.addEventListener("pointercancel", () => this.#cancel());
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.#drag) return;
      event.stopPropagation();
      event.preventDefault();
      this.#cancel();
    }, { capture: true });
  }

  /** The handles of a line, or none. */
  show(line) {
    this.#line = line;
    this.#drag = null;
    this.#shape = line && fewPoints(line);
    this.element.classList.remove("tapped");
    this.#draw();
  }

  /** Keeps them in sight: a finger that has tapped the box is no longer over it. */
  tapped() {
    this.element.classList.add("tapped");
  }

  /** The same handles at another zoom, as large on the screen as before. */
  resize() {
    for (const circle of this.element.querySelectorAll("circle")) circle.setAttribute("r", HANDLE_PX * this.view.unit);
  }

  #draw() {
    this.element.classList.toggle("dragging", this.#drag !== null);
    if (!this.#shape) {
      fill(this.element);
      return;
    }
    const { polygon, baseline } = this.#shape;
    fill(
      this.element,
      svg("polygon", { class: "handle-outline", points: text(polygon) }),
      baseline && svg("polyline", { class: "handle-line", points: text(baseline) }),
      ...polygon.map((_point, i) => edge(polygon, i)),
      ...polygon.map((point, i) => corner(point, "polygon", i)),
      ...(baseline ?? []).map((point, i) => corner(point, "baseline", i)),
    );
    this.resize();
  }

  #begin(event) {
    if (event.button !== 0 || this.view.draws) return;
    event.stopPropagation();
    event.preventDefault();
    const { of, points } = event.target.dataset;
    if (!of) return;
    this.element.setPointerCapture(event.pointerId);
    this.#drag = { of, points: points.split(" ").map(Number), from: this.view.point(event), start: this.#shape };
    this.element.classList.add("dragging");
  }

  #move(event) {
    if (!this.#drag) return;
    const { of, points, from, start } = this.#drag;
    const [x, y] = this.view.point(event);
    const moved = start[of].map(([px, py], i) => (points.includes(i) ? [px + x - from[0], py + y - from[1]] : [px, py]));
    this.#shape = { ...start, [of]: onPage(moved, this.view.page) };
    if (of === "polygon" && start.baseline) this.#shape.baseline = inBox(start.baseline, this.#shape.polygon);
    this.#draw();
  }

  #end() {
    if (!this.#drag) return;
    const { start } = this.#drag;
    const [line, shape] = [this.#line, this.#shape];
    this.#drag = null;
    this.element.classList.remove("dragging");
    if (shape !== start) this.reshape(line, shape);
  }

  #cancel() {
    if (this.#drag) this.show(this.#line);
  }
}

function fewPoints({ polygon, baseline }) {
  const tolerance = TOLERANCE * Math.min(bounds(polygon).height, bounds(polygon).width);
  return {
    polygon: simplified(polygon, tolerance, { closed: true }),
    baseline: baseline && simplified(baseline, tolerance),
  };
}

function corner([cx, cy], of, i) {
  return svg("circle", { class: `handle handle-${of}`, cx, cy, r: HANDLE_PX, "data-of": of, "data-points": String(i) });
}

function edge(polygon, i) {
  const next = (i + 1) % polygon.length;
  const [[x1, y1], [x2, y2]] = [polygon[i], polygon[next]];
  return svg("line", { class: "handle-edge", x1, y1, x2, y2, "data-of": "polygon", "data-points": `${i} ${next}` });
}

function text(points) {
  return points.map((point) => point.join(",")).join(" ");
}
