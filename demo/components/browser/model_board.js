// The state of the wheel as elements: what serves, the run, the lineage with the gate's figures, the history.

import { html } from "./dom.js";
import { gate, history, isOver, moment, percent } from "./gate_report.js";
import { counted } from "./numbers.js";
import { personalBoard } from "./personal_board.js";

const STAGES = { waiting: "waits for a worker", pull: "fetches reviews", snapshot: "freezes the ground truth", retrain: "trains", evaluate: "reads the test lines with both models", promote: "decides" };
const ENDS = { done: "Done", failed: "Failed", cancelled: "Stopped" };

/** What serves, what waits to be learnt, and whether a new model could be judged at all. */
export function servingLine(state) {
  const { serving, new_lines: lines } = state;
  return [
    html("span", {}, "Reading now: ", html("strong", {}, serving)),
    html("span", { class: "wheel-note" }, lines ? `${lines} accepted ${lines === 1 ? "line" : "lines"} not learnt from yet` : "nothing new to learn from"),
    state.lines.test < state.personal.fewest_to_test ? html("span", { class: "wheel-note wheel-lack" }, lack(state)) : null,
  ].filter(Boolean);
}

/** Whether there may be enough test lines for the gate to let a new model through: a page that was never frozen may test. */
export function canBeJudged({ lines: { test, undecided }, personal: { fewest_to_test: fewest } }) {
  return test + undecided >= fewest;
}

function lack({ lines: { test, undecided }, personal: { fewest_to_test: fewest } }) {
  const new_pages = undecided ? `, and ${counted(undecided, "line")} on new pages that may become some` : "";
  return `A new model is promoted once ${fewest} accepted lines can test it. There are ${test}${new_pages}: correct more pages, about a fifth of them will test.`;
}

/** The run that is under way, or the last one; `stop(id)` ends it. */
export function runCard(run, { workers, runs }, { stop }) {
  if (!run) return html("p", { class: "wheel-note" }, "No training has been asked for yet. Retrain learns from every accepted line and promotes the result only if it surely reads better.");
  const over = isOver(run);
  const others = runs.filter((other) => !isOver(other) && other.id !== run.id).length;
  const { share = 0, epoch, loss, cer, seconds_left: left } = run.progress;
  const figures = [
    epoch == null ? null : `epoch ${epoch.toFixed(1)}`,
    loss == null ? null : `loss ${loss.toFixed(3)}`,
    cer == null ? null : `CER ${percent(cer)} on choosing lines`,
    over || left == null ? null : left < 1 ? "nearly done" : `${clock(left)} left`,
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
    html("p", { class: "wheel-note" }, `asked for by ${run.asked_by}${run.scope ? ` for ${run.scope.kind} ${run.scope.name}` : ""}, ${moment(run.created_at)}; ${run.minutes} min of training${others ? `; ${others} more ${others === 1 ? "waits" : "wait"}` : ""}`),
    over ? null : html("button", { type: "button", disabled: run.state === "cancelling", click: () => stop(run.id) }, "Stop"),
  );
}

/** Everything below the run. `promote(version, {why, anyway})`; `train(whose)` and `rollBack(whose)` for one scope. */
export function board(state, { promote, train, rollBack }) {
  const own = personalBoard(state, { train, rollBack });
  return [
    forecast(state.estimate),
    own.length ? section("Hands and collections", own) : null,
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
      model.parent ? `from ${model.parent}, ${model.lines} lines${besides(model)}, ${moment(model.created_at)}` : "came with the program",
    ),
    model.forgotten ? html("p", { class: "wheel-warning" }, model.forgotten) : null,
    verdict ? gate(verdict) : null,
    model.serving || model.forgotten || beingJudged(model, state) ? null : promotion(model, verdict, state, promote),
  );
}

function beingJudged({ verdict }, { runs }) {
  return !verdict && runs.some((run) => !isOver(run) && run.stage === "evaluate");
}

function besides({ uncorrected }) {
  return uncorrected ? ` and ${uncorrected} uncorrected` : "";
}

function promotion({ version }, verdict, { serving }, promote) {
  const allowed = verdict?.decision === "promote" && verdict.champion === serving;
  const why = html("input", { type: "text", "aria-label": "Why", placeholder: allowed ? "why (optional)" : "why, though the gate says no", maxlength: 500, required: !allowed });
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

function clock(seconds) {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
