// Two texts for one line, a person's and another: both side by side, their difference marked, and the choice.

import { difference } from "./difference.js";
import { html } from "./dom.js";
import { RIVALS } from "./line_work.js";

const WORDING = {
  [RIVALS.stored]: {
    why: "This line was changed elsewhere since you opened it.",
    theirs: "Saved elsewhere",
    take: "Take what was saved",
  },
  [RIVALS.reading]: {
    why: "The newer model reads this line otherwise.",
    theirs: "New reading",
    take: "Take the new reading",
  },
};

/** The children that show a line's rival; `settle("mine" or "theirs")` is called with the choice. */
export function rivalry(line, settle) {
  const { why, theirs, take } = WORDING[line.rival.kind];
  const [mine, other] = difference(line.text, line.rival.text);
  return [
    html("p", { class: "rival-why" }, why),
    html("dl", {}, ...side("Yours", "del", mine), ...side(theirs, "ins", other)),
    html(
      "p",
      { class: "rival-choice" },
      html("button", { type: "button", click: () => settle("mine") }, "Keep mine"),
      html("button", { type: "button", click: () => settle("theirs") }, take),
    ),
  ];
}

function side(name, tag, pieces) {
  const texts = pieces.map(({ text, changed }) => (changed ? html(tag, {}, text) : text));
  return [html("dt", {}, name), html("dd", { dir: "auto" }, ...(texts.length ? texts : ["(nothing)"]))];
}
