// What the gate said of a model, and what served when, as elements; and how the Models tab writes numbers and moments.

import { html } from "./dom.js";

/** Whether nothing more will happen in a run. */
export function isOver({ state }) {
  return ["done", "failed", "cancelled"].includes(state);
}

/** What the gate said, with its figures and the worst lines to unfold. */
export function gate({ decision, reason, champion, report }) {
  return html(
    "details",
    { class: "wheel-gate", "data-decision": decision },
    html("summary", {}, html("span", { class: "wheel-decision" }, decision), ` ${reason}`),
    html("p", { class: "wheel-note" }, `Beside ${champion}. Bounds: 95 % of the change, drawn again by ${report.slices[0]?.unit ?? "line"}.`),
    html(
      "div",
      { class: "wheel-wide" },
      html(
        "table",
        {},
        html("thead", {}, row("th", ["", "Lines", "CER before", "CER", "Change, points", "95 % bounds"])),
        html("tbody", {}, ...report.slices.map(sliceRow)),
      ),
    ),
    report.worst.length ? html("h4", {}, "Worst lines") : null,
    html("ul", { class: "wheel-worst" }, ...report.worst.map(worstLine)),
  );
}

function sliceRow(part) {
  const bounds = `${points(part.low)} to ${points(part.high)}`;
  const cells = [part.name, part.lines, percent(part.champion_cer), percent(part.challenger_cer), points(part.change), bounds];
  const found = row("td", cells);
  found.dataset.harmed = part.harmed;
  return found;
}

function row(cell, cells) {
  return html("tr", {}, ...cells.map((text) => html(cell, {}, String(text))));
}

function worstLine({ line, text, champion, challenger, champion_edits: before, challenger_edits: after }) {
  return html(
    "li",
    {},
    line ? html("img", { src: `api/v1/models/lines/${line}`, alt: `Image of: ${text}`, loading: "lazy" }) : null,
    html("dl", {}, ...pair("written", text), ...pair(`before (${before} wrong)`, champion), ...pair(`after (${after} wrong)`, challenger)),
  );
}

function pair(name, text) {
  return [html("dt", {}, name), html("dd", {}, text)];
}

/** A table of promotions and rollbacks, newest first. */
export function history(promotions) {
  const rows = promotions.map(({ version, kind, by, why, created_at: at }) => row("td", [moment(at), version, kind, by, why]));
  return html("div", { class: "wheel-wide" }, html("table", {}, html("thead", {}, row("th", ["From", "Model", "", "By", "Why"])), html("tbody", {}, ...rows)));
}

/** A rate as people read it. */
export function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

/** A difference of rates in percentage points, with its sign. */
export function points(share) {
  return `${share > 0 ? "+" : ""}${(100 * share).toFixed(1)}`;
}

/** A moment as people read it. */
export function moment(at) {
  return new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
