// Every key of the correction screen, in one table: what it is called, what it does, when it applies.

const apple = /Mac|iPhone|iPad/.test(navigator.platform);
const CTRL = apple ? "⌘" : "Ctrl";
const ALT = apple ? "⌥" : "Alt";

/** {keys as people read them, command, what it does, test of a key event} in the groups that the overlay shows. */
export const KEYS = [
  ...group("Line by line", [
    ["Enter", "confirm", "this line is right, go to the next", (e) => e.key === "Enter" && plain(e)],
    ["Shift Enter", "previous", "back to the line before", (e) => e.key === "Enter" && e.shiftKey && !command(e) && !e.altKey],
    ["Tab", null, "to the next line, leaving this one as it is", () => false],
    ["↑ ↓", "above", "to the line above or below, likewise", (e) => e.key === "ArrowUp" && plain(e)],
    [null, "below", "", (e) => e.key === "ArrowDown" && plain(e)],
    [`${ALT} ↓`, "doubtful", "next doubtful line", (e) => e.key === "ArrowDown" && alone(e)],
    [apple ? "F2" : "Alt →", "choices", "what the word may be instead; ↑ ↓ Enter", (e) => others(e) || e.key === "ContextMenu"],
    [`${ALT} C`, "characters", "characters that the keyboard lacks", (e) => letter(e, "KeyC")],
    [`${CTRL} Enter`, "submit", "submit", (e) => e.key === "Enter" && command(e)],
  ]),
  ...group("Change your mind", [
    ["Esc", "revert", "undo this line", (e) => e.key === "Escape"],
    [`${CTRL} Z`, "undo", "undo, across the whole document", (e) => isKey(e, "z") && command(e) && !e.shiftKey && !e.altKey],
    [apple ? "⇧ ⌘ Z" : "Ctrl Y", "redo", "do it again", (e) => command(e) && !e.altKey && (isKey(e, "y") || (isKey(e, "z") && e.shiftKey))],
  ]),
  ...group("What is no clean line", [
    [`${ALT} I`, "illegible", "nobody can read it", (e) => letter(e, "KeyI")],
    [`${ALT} X`, "not_text", "it is no writing", (e) => letter(e, "KeyX")],
    [apple ? "⌥ ⇧ ⌫" : "Alt Delete", "remove", "delete the line", (e) => gone(e)],
    [`${ALT} Enter`, "split", "split the line at the caret", (e) => e.key === "Enter" && alone(e)],
    [`${ALT} J`, "join", "join it with the next line", (e) => letter(e, "KeyJ")],
    [`${ALT} N`, "insert", "a new line under this one", (e) => letter(e, "KeyN")],
    [`${ALT} Shift ↑ ↓`, "up", "move it in reading order", (e) => e.key === "ArrowUp" && shifted(e)],
    [null, "down", "", (e) => e.key === "ArrowDown" && shifted(e)],
  ]),
  ...group("The page", [
    [`${ALT} PgUp PgDn`, "page_before", "the page before, the next page", (e) => e.key === "PageUp" && alone(e)],
    [null, "page_after", "", (e) => e.key === "PageDown" && alone(e)],
    [`${ALT} + − 0`, "closer", "zoom in, out, whole page", (e) => e.altKey && !command(e) && (e.key === "+" || e.code === "Equal")],
    [null, "farther", "", (e) => letter(e, "Minus") || letter(e, "NumpadSubtract")],
    [null, "whole", "", (e) => letter(e, "Digit0") || letter(e, "Numpad0")],
    ["? F1", "help", `these keys; in a text F1 or ${CTRL} /`, (e) => e.key === "F1" || (command(e) && e.key === "/") || (e.key === "?" && !inField(e))],
  ]),
];

/** The command that a key event asks for, or null. Tab and Shift+Tab move by themselves. */
export function commandOf(event) {
  if (event.isComposing) return null; // Enter then belongs to the input method
  return KEYS.find(({ test }) => test(event))?.command ?? null;
}

/** The keys of a command as people read them. */
export function keysOf(name) {
  return KEYS.find(({ command }) => command === name).keys;
}

function group(name, rows) {
  return rows.map(([keys, command, what, test]) => ({ group: name, keys, command, what, test }));
}

function command(event) {
  return event.ctrlKey || event.metaKey;
}

function plain(event) {
  return !event.shiftKey && !event.altKey && !command(event);
}

/** Alt and nothing else. Where AltGr writes characters it comes with Ctrl, and stays what it is. */
function alone(event) {
  return event.altKey && !event.shiftKey && !command(event);
}

function shifted(event) {
  return event.altKey && event.shiftKey && !command(event);
}

function letter(event, code) {
  return event.code === code && alone(event); // by place: with Alt, Macs write other characters
}

/** On a Mac ⌥ → goes a word on and ⌥ ⌫ deletes one: people's hands know that, so lines have other keys there. */
function others(event) {
  return apple ? event.key === "F2" && plain(event) : event.key === "ArrowRight" && alone(event);
}

function gone(event) {
  return apple ? event.key === "Backspace" && shifted(event) : event.key === "Delete" && alone(event);
}

function isKey(event, key) {
  return event.key.toLowerCase() === key;
}

function inField(event) {
  return event.target.matches?.("input, textarea, select, [contenteditable]") ?? false;
}
