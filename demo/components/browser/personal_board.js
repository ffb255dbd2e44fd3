// Hands and collections in the Models tab: their lines, what reads them, how much better that is, and its buttons.

import { html } from "./dom.js";
import { gate, history, isOver, percent, points } from "./gate_report.js";

const NONE = "–";

/** The section, or nothing while no accepted line has a writer or a collection. `train(whose)`, `rollBack(whose)`. */
export function personalBoard({ personal, runs, serving }, acts) {
  const { scopes, left_out: more, fewest_to_learn: learn, fewest_to_test: test } = personal;
  if (!scopes.length) return [];
  const asks = `${learn} lines to learn from and ${test} to test with`;
  const going = runs.filter((run) => !isOver(run) && run.scope).map(({ scope }) => scope);
  return [
    html("p", { class: "wheel-note" }, `A hand or a collection may be read by a model of its own, if that surely reads its own test lines better than what reads them now. It takes ${asks}.`),
    html(
      "table",
      { class: "wheel-scopes" },
      html("thead", {}, html("tr", {}, ...["Hand or collection", "Lines", "Read by", "CER before", "CER own", "Change, 95 % bounds", ""].map((name) => html("th", { scope: "col" }, name)))),
      ...scopes.map((scope) => scopeRows(scope, { asks, serving, busy: going.some((one) => same(one, scope)), ...acts })),
    ),
    more ? html("p", { class: "wheel-note" }, `${more} more with fewer lines.`) : null,
  ].filter(Boolean);
}

function scopeRows(scope, { asks, serving, busy, train, rollBack }) {
  const { kind, name, train: learn, test, undecided, enough, version, outdated, verdict } = scope;
  const whose = { [kind]: name };
  const cer = verdict?.report.slices[0];
  const missing = enough ? null : `It takes ${asks}.`;
  return html(
    "tbody",
    { "aria-label": `${kind} ${name}`, "data-own": String(Boolean(version)) },
    html(
      "tr",
      {},
      html("th", { scope: "row" }, html("span", {}, name), html("span", { class: "wheel-note" }, kind)),
      cell("Lines", learn + test ? `${learn} + ${test} test` : null, undecided ? html("span", { class: "wheel-note" }, `${undecided} new`) : null),
      cell("Read by", version ? html("strong", {}, version) : html("span", { class: "wheel-note" }, "the common model"), outdated ? html("span", { class: "wheel-note" }, "not yet compared with the new common one") : null),
      cell("CER before", cer ? percent(cer.champion_cer) : NONE, cer && verdict.champion !== serving ? html("span", { class: "wheel-note" }, verdict.champion) : null),
      cell("CER own", cer ? percent(cer.challenger_cer) : NONE),
      cell("Change, 95 % bounds", cer ? `${points(cer.low)} to ${points(cer.high)}` : NONE),
      html(
        "td",
        { class: "wheel-acts" },
        html("button", { type: "button", "aria-label": `Train for ${kind} ${name}`, disabled: busy || !enough, title: missing, click: () => train(whose) }, busy ? "Asked for" : "Train"),
        version ? html("button", { type: "button", "aria-label": `Roll back ${kind} ${name}`, click: () => rollBack(whose) }, "Roll back") : null,
      ),
    ),
    verdict || scope.history.length ? html("tr", { class: "wheel-more" }, html("td", { colspan: 7 }, ...details(scope))) : null,
  );
}

function details({ verdict, history: rows }) {
  const served = rows.map((row) => ({ ...row, version: row.version ?? "the common model" }));
  return [
    verdict ? gate(verdict) : null,
    served.length ? html("details", {}, html("summary", {}, "What served when"), history(served)) : null,
  ].filter(Boolean);
}

function cell(label, ...children) {
  return html("td", { "data-label": label, "data-empty": children[0] === NONE }, ...children.filter(Boolean));
}

function same(one, other) {
  return one.kind === other.kind && one.name === other.name;
}
