// Where a popup has room: under what it belongs to, or over it where there is more; it scrolls where both are narrow.

const GAP_PX = 6;
const MARGIN_PX = 8; // to the window's edge and the bar
const LEAST_PX = 120; // less cannot be used: rather it is scrolled to
const MOST_PX = 380;

/** Puts a popup into a frame, beside a part of it that reaches from `top` to `bottom` in the window. */
export function putBeside(popup, frame, { top, bottom }) {
  const bar = frame.closest(".editor").querySelector(".editor-bar").getBoundingClientRect();
  const [above, below] = [top - GAP_PX - MARGIN_PX, Math.min(innerHeight, bar.top) - bottom - GAP_PX - MARGIN_PX];
  popup.style.maxHeight = `${MOST_PX}px`;
  const over = popup.offsetHeight > below && above > below;
  const room = Math.max(LEAST_PX, over ? above : below);
  const box = frame.getBoundingClientRect();
  popup.style.maxHeight = `${Math.min(MOST_PX, room)}px`;
  popup.style.top = over ? "auto" : `${bottom - box.top + GAP_PX}px`;
  popup.style.bottom = over ? `${box.bottom - top + GAP_PX}px` : "auto";
  popup.scrollTop = 0;
  if (room === LEAST_PX) popup.scrollIntoView({ block: "nearest" });
}
