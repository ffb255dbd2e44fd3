// What hands do on the page: drag empty paper, pinch, turn the wheel with Ctrl, draw the box of a new line.

import { onPage, rectangle } from "./shapes.js";

const WHEEL = 0.008; // zoom per pixel that a wheel turns
const NOTCH_PX = 40; // no single turn counts for more: a mouse jumps by 120, a trackpad creeps
const SMALLEST_PX = 8; // on the screen; a smaller box is a slip of the hand

/** Lets hands move a PageView; `draw(polygon)` when the box of a new line was drawn. */
export function gestures(view, draw) {
  const { picture } = view;
  const fingers = new Map();
  let drag = null; // {kind: "pan" | "draw", at}
  let space = false;

  picture.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const turned = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 16 : event.deltaY;
      view.zoom.by(Math.exp(-WHEEL * Math.max(-NOTCH_PX, Math.min(turned, NOTCH_PX))), view.point(event));
      view.look();
    },
    { passive: false },
  );

  picture.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch") fingers.set(event.pointerId, event);
    if (fingers.size === 2) drag = null;
    else if (view.draws && event.button === 0) begin("draw", event);
    else if (event.button === 1 || space || (event.button === 0 && event.target === view.image)) begin("pan", event);
  });
  picture.addEventListener("pointermove", (event) => {
    if (fingers.has(event.pointerId)) {
      if (fingers.size === 2) pinch(event);
      fingers.set(event.pointerId, event);
    }
    if (drag?.kind === "pan") {
      const [[x1, y1], [x2, y2]] = [drag.at, view.point(event)];
      view.zoom.pan(x1 - x2, y1 - y2);
      view.look();
    } else if (drag?.kind === "draw") {
      view.sketch.setAttribute("points", box(event).map((point) => point.join(",")).join(" "));
    }
  });
  const end = (event) => {
    fingers.delete(event.pointerId);
    if (!drag) return;
    const { kind } = drag;
    const polygon = kind === "draw" ? box(event) : [];
    drag = null;
    picture.classList.remove("panning");
    if (kind !== "draw") return;
    view.drawing(false);
    if (event.type === "pointerup" && large(polygon)) draw(polygon);
  };
  picture.addEventListener("pointerup", end);
  picture.addEventListener("pointercancel", end);

  const escape = (event) => {
    if (event.key !== "Escape" || !view.draws) return;
    event.preventDefault();
    event.stopPropagation(); // in a field, Esc would take back what was typed there
    view.drawing(false);
  };
  document.addEventListener("keydown", escape, { capture: true });
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.target.matches("input, textarea, button, summary, select")) return;
    if (picture.matches(":hover")) {
      event.preventDefault();
      space = true;
    }
  });
  document.addEventListener("keyup", (event) => event.key === " " && (space = false));

  function begin(kind, event) {
    event.preventDefault();
    drag = { kind, at: view.point(event) };
    picture.setPointerCapture(event.pointerId);
    picture.classList.toggle("panning", kind === "pan");
  }

  function box(event) {
    return onPage(rectangle(drag.at, view.point(event)), view.page);
  }

  function large([[left, top], , [right, bottom]]) {
    return Math.min(right - left, bottom - top) / view.unit >= SMALLEST_PX;
  }

  /** Two fingers: what lies between them stays between them. */
  function pinch(event) {
    const other = [...fingers.values()].find(({ pointerId }) => pointerId !== event.pointerId);
    const before = fingers.get(event.pointerId);
    const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    const between = (one) => view.point({ clientX: (one.clientX + other.clientX) / 2, clientY: (one.clientY + other.clientY) / 2 });
    const [[x1, y1], [x2, y2]] = [between(before), between(event)];
    view.zoom.by(apart(event) / (apart(before) || 1), [x2, y2]);
    view.zoom.pan(x1 - x2, y1 - y2);
    view.look();
  }
}
