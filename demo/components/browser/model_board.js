// The state of the wheel as elements: what serves, the run, the lineage with the gate's figures, the history.

import { html } from "./dom.js";

const STAGES = { waiting: "waits for a worker", pull: "fetches reviews", snapshot: "freezes the ground truth", retrain: "trains", evaluate: "reads the test lines with both models", promote: "decides" };
const ENDS = { done: "Done", failed: "Failed", cancelled: "Stopped" };
const OVER = Object.keys(ENDS);

/** What serves, and what waits to be learnt. */
export function servingLine({ serving, new_lines: lines }) {
  return [
    html("span", {}, "Reading now: ", html("strong", {}, serving)),
    html("span", { class: "wheel-note" }, lines ? `${lines} accepted ${lines === 1 ? "line" : "lines"} not learnt from yet` : "nothing new to learn from"),
  ];
}

/** The run that is under way, or the last one; `stop(id)` ends it. */
export function runCard(run, { workers }, { stop }) {
  if (!run) return html("p", { class: "wheel-note" }, "No training has been asked for yet. Retrain learns from every accepted line and promotes the result only if it surely reads better.");
  const over = OVER.includes(run.state);
  const { share = 0, epoch, loss, cer, seconds_left: left } = run.progress;
  const figures = [
    epoch == null ? null : `epoch ${epoch.toFixed(1)}`,
    loss == null ? null : `loss ${loss.toFixed(3)}`,
    cer == null ? null : `CER ${percent(cer)} on choosing lines`,
    over || left == null ? null : `${clock(left)} left`,
  ].filter(Boolean);
  return html(
    "article",
    { class: "wheel-card", "data-state": run.state, "aria-label": "Training" },
    html("h3", {}, over ? ENDS[run.state] : run.state === "cancelling" ? "Stopping …" : `It ${STAGES[run.stage] ?? run.stage} …`),
    over ? null : html("progress", { max: 1, value: run.stage === "retrain" ? share : run.stage === "waiting" || run.stage === "pull" || run.stage === "snapshot" ? 0 : 1, "aria-label": "Progress of the training" }),
    figures.length ? html("p", { class: "wheel-figures" }, figures.join(" · ")) : null,
    run.message ? html("p", {}, run.message) : null,
    !over && !workers.length
      ? html("p", { class: "wheel-warning" }, "No worker is running, so nobody trains. Start one: ", html("code", {}, "python -m flywheel worker"))
      : null,
    html("p", { class: "wheel-note" }, `asked for by ${run.asked_by}, ${moment(run.created_at)}; ${run.minutes} min of training`),
    over ? null : html("button", { type: "button", disabled: run.state === "cancelling", click: () => stop(run.id) }, "Stop"),
  );
}

/** Everything below the run. `promote(version, {why, anyway})`. */
export function board(state, { promote }) {
  return [
    forecast(state.estimate),
    section("Lineage", state.models.length ? state.models.map((model) => modelCard(model, state, promote)) : [html("p", { class: "wheel-note" }, "The model that came with the program reads; no other was trained yet.")]),
    state.promotions.length ? section("What served when", [history(state.promotions)]) : null,
  ];
}

function forecast(estimate) {
  if (!estimate) return null;
  const basis = estimate.trainings === 1 ? "1 training of your own" : `${estimate.trainings} trainings of your own`;
  return html(
    "p",
    { class: "wheel-forecast" },
    `What would ${estimate.more} more lines bring? Perhaps a CER of `,
    html("strong", {}, percent(estimate.cer_then)),
    ` instead of ${percent(estimate.cer)}. `,
    html("span", { class: "wheel-note" }, `An estimate: a curve fitted to published figures and ${basis}.`),
  );
}

function section(title, children) {
  return html("section", { class: "wheel-section" }, html("h2", {}, title), ...children);
}

function modelCard(model, state, promote) {
  const { verdict } = model;
  return html(
    "article",
    { class: "wheel-card", "data-serving": String(model.serving), "aria-label": model.version },
    html("h3", {}, model.version, model.serving ? html("span", { class: "wheel-badge" }, "reads now") : null),
    html(
      "p",
      { class: "wheel-note" },
      model.parent ? `from ${model.parent}, ${model.lines} lines, ${moment(model.created_at)}` : `came with the program, ${moment(model.created_at)}`,
    ),
    model.forgotten ? html("p", { class: "wheel-warning" }, model.forgotten) : null,
    verdict ? gate(verdict) : null,
    model.serving || model.forgotten ? null : promotion(model, verdict, state, promote),
  );
}

function promotion({ version }, verdict, { serving }, promote) {
  const allowed = verdict?.decision === "promote" && verdict.champion === serving;
  const why = html("input", { type: "text", "aria-label": "Why", placeholder: allowed ? "why (optional)" : "why, though the gate says no", maxlength: 500 });
  return html(
    "form",
    {
      class: "wheel-promote",
      submit: (event) => {
        event.preventDefault();
        promote(version, { why: why.value, anyway: !allowed });
      },
    },
    why,
    html("button", { type: "submit" }, allowed ? "Promote" : "Promote anyway"),
  );
}

function gate({ decision, reason, champion, report }) {
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

function history(promotions) {
  const rows = promotions.map(({ version, kind, by, why, created_at: at }) => row("td", [moment(at), version, kind, by, why]));
  return html("div", { class: "wheel-wide" }, html("table", {}, html("thead", {}, row("th", ["From", "Model", "", "By", "Why"])), html("tbody", {}, ...rows)));
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

function points(share) {
  return `${share > 0 ? "+" : ""}${(100 * share).toFixed(1)}`;
}

function clock(seconds) {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}

function moment(at) {
  return new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
