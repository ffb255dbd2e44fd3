// What keys, buttons and tools do, by the names that keys.js gives them.

import { caretX, entry } from "./caret_rows.js";
import { commandOf } from "./keys.js";

const LOOSE = new Set(["help", "undo", "redo", "submit", "doubtful", "closer", "farther", "whole", "page_before", "page_after"]);

/** The commands of a desk (the editor). */
export class Commands {
  #table = {
    confirm: (line) => {
      this.desk.work.check(line);
      this.#step(line, 1);
    },
    previous: (line) => this.#step(line, -1),
    above: (line) => this.#across(line, -1),
    below: (line) => this.#across(line, 1),
    doubtful: (line) => {
      const next = this.desk.work.nextDoubtful(line);
      if (next) this.desk.go(next, { doubt: true });
      else this.desk.say("No doubtful line is left.");
    },
    choices: (line) => {
      if (!this.desk.choices.open(this.desk.list.row(line), { first: true })) this.desk.say("Nothing else was thought of here.");
    },
    characters: (line, byKey) => this.desk.palette.toggle(this.desk.list.row(line), { keys: byKey }),
    illegible: (line) => this.desk.work.judge(line, "illegible"),
    not_text: (line) => this.desk.work.judge(line, "not_text"),
    revert: (line) => this.desk.work.revert(line),
    undo: () => this.#history("undo"),
    redo: () => this.#history("redo"),
    submit: () => this.desk.submitting.submit(),
    help: () => this.desk.help.open(),
    closer: () => this.desk.view.closer(),
    farther: () => this.desk.view.farther(),
    whole: () => this.desk.view.whole(),
    page_before: () => this.desk.turn(-1),
    page_after: () => this.desk.turn(1),
  };

  constructor(desk) {
    this.desk = desk;
    document.addEventListener("keydown", (event) => this.#keyElsewhere(event));
  }

  /** Does what a name says, to a line or to the one that is worked on. */
  run(name, line = this.desk.work.current ?? this.desk.page.lines[0], { byKey = false } = {}) {
    const command = this.#table[name] ?? this.desk.structure.commands[name];
    if (line || LOOSE.has(name)) command(line, byKey);
  }

  /** Keys outside the fields, where no line is meant by them. */
  #keyElsewhere(event) {
    const { work, element } = this.desk;
    if (work === null || event.defaultPrevented || !element.checkVisibility()) return;
    const name = commandOf(event);
    const here = element.contains(event.target) || event.target === document.body || name === "help";
    if (!LOOSE.has(name) || !here) return;
    event.preventDefault();
    this.run(name);
  }

  #step(line, step) {
    const next = this.desk.work.beside(line, step);
    if (next) this.desk.go(next);
    else if (step > 0) this.desk.bar.focus();
  }

  /** From row to row over the edge of a field, as within one: the caret stays where it is from left to right. */
  #across(line, step) {
    const next = this.desk.work.beside(line, step);
    if (!next) return;
    const x = caretX(this.desk.list.row(line), step);
    this.desk.go(next);
    const row = this.desk.list.row(next);
    row.focus({ caret: entry(row, x, step) });
  }

  async #history(way) {
    await this.desk.attempt(async () => {
      const { work } = this.desk;
      const line = await work.history[way]();
      const undo = way === "undo";
      if (line !== null && line !== true && work.pageOf(line)) this.desk.go(line, { caret: line.text.length });
      if (line === null) this.desk.say(undo ? "Nothing to undo." : "Nothing to do again.");
      else this.desk.say(undo ? "Undone." : "Done again.");
    });
  }
}
