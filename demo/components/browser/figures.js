// A figure: its title, what it says in one sentence, its plot, and its numbers as a table for whoever wants them.

import { fill, html } from "./dom.js";

const opened = new Set(); // tables that the person has opened, kept when the figures are drawn anew

/**
 * `draw(width)` gives the plot; without one the table is the figure. `table`: {head: [...], rows: [[...]]}.
 * `wide`: as wide as the page; `note`: what one should know to read it.
 */
export function figure({ title, summary, draw, legend, table, note, wide = false }) {
  const canvas = draw && html("div", { class: "figure-plot" });
  if (canvas) follow(canvas, draw);
  return html(
    "figure",
    { class: wide ? "figure wide" : "figure" },
    html("figcaption", {}, html("h3", {}, title), html("p", {}, summary)),
    legend,
    canvas,
    note && html("p", { class: "figure-note" }, note),
    table && (draw ? foldable(title, table) : html("div", { class: "figure-table" }, html("div", {}, tabled(title, table)))),
  );
}

/** Draws at the width there is, and again whenever that changes. */
function follow(canvas, draw) {
  let drawn = 0;
  new ResizeObserver(() => {
    const width = Math.floor(canvas.clientWidth);
    if (width > 0 && width !== drawn) fill(canvas, draw((drawn = width)));
  }).observe(canvas);
}

function foldable(title, table) {
  const toggle = ({ target }) => (target.open ? opened.add(title) : opened.delete(title));
  const attributes = { class: "figure-table", open: opened.has(title), toggle };
  return html("details", attributes, html("summary", {}, "Numbers"), html("div", {}, tabled(title, table)));
}

function tabled(title, { head, rows }) {
  return html(
    "table",
    { "aria-label": title },
    html("thead", {}, html("tr", {}, ...head.map((name) => html("th", { scope: "col" }, name)))),
    html("tbody", {}, ...rows.map((row) => html("tr", {}, ...row.map((cell) => html("td", {}, cell))))),
  );
}
