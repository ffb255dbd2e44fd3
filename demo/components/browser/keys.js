// Every key of the correction screen, in one table: what it is called, what it does, when it applies.

const apple = /Mac|iPhone|iPad/.test(navigator.platform);

/** [keys as people read them, command, what it does, test of a key event] */
export const KEYS = [
  ["Enter", "confirm", "this line is right, go to the next", (e) => e.key === "Enter" && plain(e)],
  ["Shift Enter", "previous", "back to the line before", (e) => e.key === "Enter" && e.shiftKey && !command(e)],
  [apple ? "⌥ ↓" : "Alt ↓", "doubtful", "next doubtful line", (e) => e.key === "ArrowDown" && e.altKey],
  ["Esc", "undo", "undo this line", (e) => e.key === "Escape"],
  [apple ? "⌘ Enter" : "Ctrl Enter", "submit", "submit", (e) => e.key === "Enter" && command(e)],
];

/** The command that a key event asks for, or null. Tab and Shift+Tab move by themselves. */
export function commandOf(event) {
  if (event.isComposing) return null; // Enter then belongs to the input method
  return KEYS.find(([, , , test]) => test(event))?.[1] ?? null;
}

/** The keys of a command as people read them. */
export function keysOf(name) {
  return KEYS.find(([, command]) => command === name)[0];
}

function command(event) {
  return event.ctrlKey || event.metaKey;
}

function plain(event) {
  return !event.shiftKey && !event.altKey && !command(event);
}
