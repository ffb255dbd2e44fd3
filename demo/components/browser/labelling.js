// The Label tab: asks for the state of the loop while it is looked at, and starts pushes and pulls.

import { findLabelling, findLabelServer, settleHeld, startLabelling } from "./api.js";
import { fill, html } from "./dom.js";
import { board, serverLine } from "./label_board.js";

const EVERY_MS = 15_000;
const WORKING_MS = 1_000;

export function mount({ element }) {
  const root = element.querySelector(".labelling");
  const message = root.querySelector(".labelling-message");
  const buttons = [...root.querySelectorAll(".labelling-buttons button")];
  let timer;
  let server = null;
  let asking = false;
  let shown = "";

  async function refresh() {
    clearTimeout(timer);
    if (asking || !element.isConnected) return;
    asking = true;
    let pause = EVERY_MS;
    try {
      const answer = await findLabelling();
      show(answer);
      if (answer.url && !server) askServer(answer);
      if (answer.running) pause = WORKING_MS;
    } catch (error) {
      tell(error.message);
    } finally {
      asking = false;
    }
    timer = setTimeout(() => (root.checkVisibility() ? refresh() : wait()), pause);
  }

  function wait() {
    timer = setTimeout(() => (root.checkVisibility() ? refresh() : wait()), WORKING_MS);
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
    clearTimeout(timer);
    timer = setTimeout(refresh, WORKING_MS / 2);
  }

  async function act(ask) {
    try {
      show(await ask());
    } catch (error) {
      tell(error.message);
    }
  }

  function tell(text) {
    message.textContent = text ?? "";
    message.hidden = !text;
  }

  for (const button of buttons) button.addEventListener("click", () => start(button.name));
  new IntersectionObserver((seen) => seen.some(({ isIntersecting }) => isIntersecting) && refresh()).observe(root);
  fill(root.querySelector(".labelling-board"), html("p", { class: "labelling-note" }, "…"));
}
