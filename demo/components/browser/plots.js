// Plots as SVG at the width they are shown in, so that their letters keep their size; colours come from the style.

import { svg } from "./dom.js";

const LEFT = 46;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 26;
const HEIGHT = 220;
const LABEL_PX = 74; // the room that a label under the axis needs
const MARKS = [circle, square, triangle, diamond, cross];

/** How many series can be told apart. */
export const MOST_SERIES = MARKS.length;

/**
 * Series over periods, each point with its bounds.
 * `series`: [{points: [{at, value, low, high, title}]}], `at` counting periods from 0; `labels`: of the periods.
 */
export function lineplot({ series, labels, format, width, name }) {
  const points = series.flatMap((each) => each.points);
  const highest = Math.max(...points.map(({ value }) => value));
  const reach = Math.max(...points.map(({ value, high }) => high ?? value));
  const axes = new Axes({ width, top: Math.max(1.15 * highest, Math.min(reach, 2.5 * highest)) || reach || 1, labels });
  const parts = series.flatMap((each, index) => [band(each, index, axes), strand(each, index, axes)]);
  return axes.picture(name, format, [...parts, ...series.map((each, index) => marks(each, index, axes))]);
}

/** A bar for the count of each period. `bars`: [{value, title}]. */
export function barplot({ bars, labels, format, width, name }) {
  const axes = new Axes({ width, top: Math.max(...bars.map(({ value }) => value)) || 1, labels, whole: true });
  const broad = Math.max(1, Math.min(36, axes.step - 2));
  const drawn = bars.map(({ value, title }, at) =>
    svg(
      "rect",
      { class: "plot-bar", x: axes.x(at) - broad / 2, y: axes.y(value), width: broad, height: axes.y(0) - axes.y(value) },
      svg("title", {}, title),
    ),
  );
  return axes.picture(name, format, drawn);
}

/** Shares of right words against confidence; the diagonal is what a perfectly calibrated model would show. */
export function reliability({ points, format, width, name }) {
  const size = Math.min(width, 400);
  const axes = new Axes({ width: size, height: size * 0.82, top: 1, labels: [] });
  const across = (share) => LEFT + share * (size - LEFT - 2 * RIGHT);
  const most = Math.max(...points.map(({ words }) => words));
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => axes.under(across(share), format(share)));
  const drawn = points.map(({ confidence, kept, low, high, words, title }) =>
    svg(
      "g",
      { class: "series-1" },
      svg("line", { class: "plot-whisker", x1: across(confidence), x2: across(confidence), y1: axes.y(low), y2: axes.y(high) }),
      svg("circle", { class: "plot-mark", cx: across(confidence), cy: axes.y(kept), r: 3 + 5 * Math.sqrt(words / most) }),
      svg("title", {}, title),
    ),
  );
  const diagonal = svg("line", { class: "plot-diagonal", x1: across(0), y1: axes.y(0), x2: across(1), y2: axes.y(1) });
  return axes.picture(name, format, [...ticks, diagonal, ...drawn]);
}

/** The mark of a series, for a legend. */
export function legendMark(index) {
  return svg("svg", { class: "legend-mark", viewBox: "-7 -7 14 14", "aria-hidden": "true" }, dot(index, 0, 0));
}

class Axes {
  constructor({ width, height = HEIGHT, top, labels, whole = false }) {
    Object.assign(this, { width, height, labels });
    this.ticks = steps(top, whole);
    this.top = this.ticks.at(-1);
    this.step = labels.length ? (width - LEFT - RIGHT) / labels.length : 0;
  }

  x(at) {
    return LEFT + (at + 0.5) * this.step;
  }

  y(value) {
    const share = Math.min(Math.max(value / this.top, 0), 1);
    return TOP + (1 - share) * (this.height - TOP - BOTTOM);
  }

  picture(name, format, parts) {
    return svg(
      "svg",
      { class: "plot", role: "img", "aria-label": name, width: this.width, height: this.height },
      ...this.ticks.map((value) => this.#rule(value, format)),
      ...this.#labels(),
      ...parts,
    );
  }

  under(x, text, anchor = "middle") {
    return svg("text", { class: "plot-label", x, y: this.height - 7, "text-anchor": anchor }, text);
  }

  #rule(value, format) {
    const y = this.y(value);
    return svg(
      "g",
      {},
      svg("line", { class: value === 0 ? "plot-floor" : "plot-rule", x1: LEFT, x2: this.width - RIGHT, y1: y, y2: y }),
      svg("text", { class: "plot-label", x: LEFT - 7, y: y + 4, "text-anchor": "end" }, format(value)),
    );
  }

  #labels() {
    const every = Math.ceil((this.labels.length * LABEL_PX) / Math.max(this.width - LEFT - RIGHT, 1));
    const last = this.labels.length - 1;
    return this.labels.map((label, at) => (last - at) % every === 0 && this.under(this.#within(this.x(at)), label));
  }

  #within(x) {
    return Math.min(Math.max(x, LEFT + 10), this.width - RIGHT - 16);
  }
}

/** Round numbers from 0 to at least `top`; whole ones where things are counted. */
function steps(top, whole) {
  const raw = whole ? Math.max(top / 4, 1) : top / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = (raw < 10 && whole ? [1, 2, 5, 10] : [1, 2, 2.5, 5, 10]).find((each) => each * power >= raw) * power;
  return Array.from({ length: Math.ceil(top / step - 1e-9) + 1 }, (_, index) => index * step);
}

function band({ points }, index, axes) {
  const sure = points.filter(({ high }) => high != null);
  if (sure.length === 1) {
    const [{ at, low, high }] = sure;
    const x = axes.x(at);
    return svg("line", { class: `plot-whisker series-${index + 1}`, x1: x, x2: x, y1: axes.y(low), y2: axes.y(high) });
  }
  const upper = sure.map(({ at, high }) => `${axes.x(at)},${axes.y(high)}`);
  const lower = sure.map(({ at, low }) => `${axes.x(at)},${axes.y(low)}`).reverse();
  return svg("polygon", { class: `plot-band series-${index + 1}`, points: [...upper, ...lower].join(" ") });
}

function strand({ points }, index, axes) {
  const path = points.map(({ at, value }) => `${axes.x(at)},${axes.y(value)}`).join(" ");
  return svg("polyline", { class: `plot-strand series-${index + 1}`, points: path });
}

function marks({ points }, index, axes) {
  return svg(
    "g",
    { class: `series-${index + 1}` },
    ...points.map(({ at, value, title }) => svg("g", {}, dot(index, axes.x(at), axes.y(value)), svg("title", {}, title))),
  );
}

function dot(index, x, y) {
  return MARKS[index]({ class: `plot-mark series-${index + 1}` }, x, y);
}

function circle(attributes, cx, cy) {
  return svg("circle", { ...attributes, cx, cy, r: 3.6 });
}

function square(attributes, x, y) {
  return svg("rect", { ...attributes, x: x - 3.3, y: y - 3.3, width: 6.6, height: 6.6 });
}

function triangle(attributes, x, y) {
  return svg("path", { ...attributes, d: `M${x} ${y - 4.4}l4.4 7.6h-8.8z` });
}

function diamond(attributes, x, y) {
  return svg("path", { ...attributes, d: `M${x} ${y - 4.8}l4.8 4.8l-4.8 4.8l-4.8 -4.8z` });
}

function cross(attributes, x, y) {
  return svg("path", { ...attributes, d: `M${x - 4} ${y - 1.4}h2.6v-2.6h2.8v2.6h2.6v2.8h-2.6v2.6h-2.8v-2.6h-2.6z` });
}
