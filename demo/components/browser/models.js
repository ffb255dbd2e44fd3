// The Models tab: asks for the state of the wheel while it is looked at; starts, stops, promotes and rolls back.

import { actOnModels, findModels } from "./api.js";
import { fill } from "./dom.js";
import { isOver } from "./gate_report.js";
import { board, canBeJudged, runCard, servingLine } from "./model_board.js";
import { refreshWhileSeen } from "./refreshing.js";

const EVERY_MS = 10_000;

export function mount({ element }) {
  const root = element.querySelector(".wheel");
  const message = root.querySelector(".wheel-message");
  const minutes = root.querySelector("input");
  const [start, rollback] = root.querySelectorAll(".wheel-buttons button");
  let shown = "";

  async function ask() {
    const state = await findModels();
    show(state);
    return Boolean(going(state));
  }

  function show(state) {
    const run = going(state);
    root.setAttribute("aria-busy", String(Boolean(run)));
    start.disabled = state.runs.some((one) => !isOver(one) && !one.scope);
    rollback.disabled = new Set(state.promotions.map(({ version }) => version)).size < 2;
    start.dataset.leading = String(canBeJudged(state));
    if (!minutes.value) minutes.value = state.minutes;
    fill(root.querySelector(".wheel-serving"), ...servingLine(state));
    fill(root.querySelector(".wheel-run"), runCard(run ?? state.runs[0], state, { stop: (id) => act(`turns/${id}/stop`) }));
    const { runs, workers, ...lasting } = state;
    const looks = JSON.stringify([lasting, runs.map(({ id, state: now }) => [id, now])]);
    if (looks !== shown) fill(root.querySelector(".wheel-board"), ...board(state, { promote, train, rollBack }));
    shown = looks;
  }

  async function act(path, body = {}, done = null) {
    try {
      show(await actOnModels(path, body));
      tell(done, "done");
    } catch (error) {
      tell(error.message);
    }
    refreshSoon();
  }

  function promote(version, { why, anyway }) {
    act(`${encodeURIComponent(version)}/promote`, { why, anyway }, `${version} is promoted. It reads within seconds; what is being read now is finished first.`);
  }

  function train(whose) {
    act("turns", { minutes: Number(minutes.value) || null, ...whose });
  }

  function rollBack(whose) {
    act("rollback", { why: "Rolled back in the Models tab.", ...whose });
  }

  function tell(text, kind = "trouble") {
    message.textContent = text ?? "";
    message.dataset.kind = kind;
    message.hidden = !text;
  }

  start.addEventListener("click", () => train({}));
  rollback.addEventListener("click", () => rollBack({}));
  const refreshSoon = refreshWhileSeen(element, root, { ask, tell, everyMs: EVERY_MS });
}

/** The run that is under way, or else the one that waits longest. */
function going({ runs }) {
  const begun = runs.filter((run) => !isOver(run));
  return begun.find(({ state }) => state !== "waiting") ?? begun.at(-1);
}
