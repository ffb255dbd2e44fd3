// The Label tab: asks for the state of the loop while it is looked at, and starts pushes and pulls.

import { findLabelling, findLabelServer, settleHeld, startLabelling } from "./api.js";
import { fill, html } from "./dom.js";
import { board, serverLine } from "./label_board.js";
import { refreshWhileSeen } from "./refreshing.js";

const EVERY_MS = 15_000;
const SOON_MS = 500;

export function mount({ element }) {
  const root = element.querySelector(".labelling");
  const message = root.querySelector(".labelling-message");
  const buttons = [...root.querySelectorAll(".labelling-buttons button")];
  let server = null;
  let shown = "";

  async function ask() {
    const answer = await findLabelling();
    show(answer);
    if (answer.url && !server) askServer(answer);
    return Boolean(answer.running);
  }

  async function askServer(answer) {
    server = { asked: true };
    try {
      server = await findLabelServer();
    } catch (error) {
      server = { reached: false, problems: [error.message] };
    }
    fill(root.querySelector(".labelling-server"), ...serverLine(answer, server));
  }

  function show(answer) {
    fill(root.querySelector(".labelling-server"), ...serverLine(answer, server));
    root.setAttribute("aria-busy", String(Boolean(answer.running)));
    for (const button of buttons) button.disabled = !answer.url || Boolean(answer.running);
    const told = answer.report.runs[0]?.problems ?? [];
    tell(told.includes(answer.trouble) ? null : answer.trouble);
    const looks = JSON.stringify(answer);
    if (looks === shown) return; // what a person types there stays
    const open = [...root.querySelectorAll("details")].map((details) => details.open && details.className);
    fill(root.querySelector(".labelling-board"), ...board(answer, { begin, decide, send }));
    for (const details of root.querySelectorAll("details")) details.open = open.includes(details.className);
    shown = looks;
  }

  const begin = () => start("push", { new_project: true });
  const send = (page) => start("pages", { pages: [page.page_id] });
  const decide = (row, accept, why) => act(() => settleHeld(row.line_id, { text: row.text, accept, why }));

  async function start(direction, options) {
    server = null;
    await act(() => startLabelling(direction, options));
    refreshSoon(SOON_MS);
  }

  async function act(change) {
    try {
      show(await change());
    } catch (error) {
      tell(error.message);
    }
  }

  function tell(text) {
    message.textContent = text ?? "";
    message.hidden = !text;
  }

  for (const button of buttons) button.addEventListener("click", () => start(button.name));
  const refreshSoon = refreshWhileSeen(element, root, { ask, tell, everyMs: EVERY_MS });
  fill(root.querySelector(".labelling-board"), html("p", { class: "labelling-note" }, "…"));
}
