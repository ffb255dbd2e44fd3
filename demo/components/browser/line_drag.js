// Dragging a line by its number to another place in reading order.

import { html } from "./dom.js";

const FAR_PX = 4; // less is a click

/** Listens on a list; `drop(row element, place)` when a row was dragged, the place counted without the row itself. */
export function draggable(list, drop) {
  const sign = html("div", { class: "drop-place", "aria-hidden": "true" });
  let drag = null;

  list.addEventListener("pointerdown", (event) => {
    const row = event.target.closest(".line");
    if (!event.target.closest(".line-number") || event.button !== 0) return;
    event.preventDefault();
    drag = { row, y: event.clientY, place: null };
    list.setPointerCapture(event.pointerId);
  });
  list.addEventListener("pointermove", (event) => {
    if (!drag || (drag.place === null && Math.abs(event.clientY - drag.y) < FAR_PX)) return;
    const others = [...list.querySelectorAll(".line")].filter((row) => row !== drag.row);
    const after = others.findIndex((row) => event.clientY < middle(row));
    drag.place = after < 0 ? others.length : after;
    drag.row.classList.add("dragged");
    list.insertBefore(sign, others[drag.place] ?? null);
  });
  const end = (event) => {
    if (!drag) return;
    const { row, place } = drag;
    drag = null;
    sign.remove();
    row.classList.remove("dragged");
    if (event.type === "pointerup" && place !== null) drop(row, place);
  };
  list.addEventListener("pointerup", end);
  list.addEventListener("pointercancel", end);
}

function middle(row) {
  const { top, height } = row.getBoundingClientRect();
  return top + height / 2;
}
