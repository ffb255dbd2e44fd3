// Which lines a page has: split, join, delete, add, reshape and reorder them. The server reads what is new, and only it.

import { changeLines, orderLines, restoreLines } from "./api.js";
import { area, below, join, onPage, overlap, rightToLeft, shareBefore, split } from "./shapes.js";

const FREE = 2 / 3; // of a new line's place that has to lie on the page, and on no other line

/** Commands about lines; `desk` is the editor: its work, its fields, its bar. One edit runs at a time. */
export class Structure {
  #busy = false;

  constructor(desk) {
    this.desk = desk;
  }

  commands = {
    split: (line) => this.#split(line),
    join: (line) => this.#join(line),
    remove: (line) => this.#remove(line),
    insert: (line) => this.#insert(line),
    up: (line) => this.#shift(line, -1),
    down: (line) => this.#shift(line, 1),
  };

  /** A line's box or baseline was dragged. */
  reshape(line, shape) {
    return this.#change([line], [{ ...shape, text: ownText(line) }], "Read again in its new box.");
  }

  /** The box of a new line was drawn. */
  draw(polygon) {
    return this.#change([], [{ polygon, baseline: null, text: null }], "The new line was read.", { page: this.desk.page });
  }

  /** A line was dropped at another place in reading order. */
  async drop(line, place) {
    const page = this.desk.work.pageOf(line);
    const before = page.lines.map(({ id }) => id);
    const after = before.filter((id) => id !== line.id);
    after.splice(place, 0, line.id);
    if (after.every((id, i) => id === before[i])) return;
    const put = (ids) => async () => {
      this.#receive(await orderLines(page.id, ids));
      return line;
    };
    await this.#run([line], async () => {
      await put(after)();
      this.desk.work.history.record({ undo: put(before), redo: put(after) });
      this.desk.say(`Now line ${line.number}.`);
    });
    this.desk.go(line);
  }

  #split(line) {
    const caret = this.desk.caret(line);
    const parts = [line.text.slice(0, caret).trim(), line.text.slice(caret).trim()];
    if (!parts[0] || !parts[1]) {
      this.desk.say("Put the caret between two words first: the line is split there.");
      return undefined;
    }
    const shapes = split(line, shareBefore(line.text, caret));
    if (rightToLeft(line.text)) shapes.reverse();
    const own = ownText(line) !== null;
    const halves = shapes.map((shape, i) => ({ ...shape, text: own ? parts[i] : null }));
    return this.#change([line], halves, "Split in two; both were read.");
  }

  #join(line) {
    const { lines } = this.desk.work.pageOf(line);
    const next = lines[lines.indexOf(line) + 1];
    if (!next) {
      this.desk.say("This is the last line of the page: there is none to join it with.");
      return undefined;
    }
    const own = ownText(line) !== null || ownText(next) !== null;
    const joined = { ...join(line, next), text: own ? `${line.text} ${next.text}`.trim() : null };
    return this.#change([line, next], [joined], "Joined, and read as one line.");
  }

  #remove(line) {
    return this.#change([line], [], `Line ${line.number} is deleted. Undo brings it back.`);
  }

  #insert(line) {
    const page = this.desk.work.pageOf(line);
    const { polygon, baseline } = below(line);
    const shape = { polygon: onPage(polygon, page), baseline: baseline && onPage(baseline, page) };
    if (!isFree(shape.polygon, page, area(polygon))) return this.#askForPlace();
    const position = page.lines.indexOf(line) + 1;
    return this.#change([], [{ ...shape, text: null }], "A new line under it: drag its box to where the writing is.", { page, position });
  }

  /** Where there is no room under a line, only the person knows where the new one is. */
  #askForPlace() {
    this.desk.view.drawing(true);
    this.desk.view.stage.scrollIntoView({ block: "nearest" });
    this.desk.say("Draw where the new line is.");
  }

  #shift(line, step) {
    const { lines } = this.desk.work.pageOf(line);
    const place = lines.indexOf(line) + step;
    return place >= 0 && place < lines.length ? this.drop(line, place) : undefined;
  }

  /** Puts new lines in place of others, in one step that can be taken back. */
  async #change(replaced, lines, done, where = {}) {
    const { work } = this.desk;
    const page = where.page ?? work.pageOf(replaced[0]);
    const position = where.position ?? null; // null: where the first of those that go stood, or where it is read
    const place = replaced.length ? page.lines.indexOf(replaced[0]) : 0;
    const replaces = replaced.map(({ id }) => id);
    await this.#run(replaced, async () => {
      if (replaced.length === 0) this.#announce(lines[0]);
      await this.desk.keeping.drafts.forget(replaced);
      const before = new Set(page.lines.map(({ id }) => id));
      const answer = await changeLines(page.id, { replaces, lines, position });
      const made = answer.lines.map(({ id }) => id).filter((id) => !before.has(id));
      this.#receive(answer);
      const swap = (restore, retire) => async () => {
        this.#receive(await restoreLines(page.id, { restore, retire }));
        return work.line(restore[0]) ?? page.lines[Math.min(place, page.lines.length - 1)];
      };
      work.history.record({ undo: swap(replaces, made), redo: swap(made, replaces) });
      this.desk.say(done);
      const next = work.line(made[0]) ?? page.lines[Math.min(place, page.lines.length - 1)];
      if (next) this.desk.go(next);
    });
  }

  /** A new line has neither box nor row until it is read: its place and the bar stand for it. */
  #announce({ polygon }) {
    this.desk.view.expect(polygon);
    this.desk.say("Reading the new line…");
  }

  #receive(answer) {
    this.desk.work.receive(answer, "person");
  }

  async #run(lines, edit) {
    if (this.#busy) {
      this.desk.say("One moment: the change before this one is still being read.");
      return;
    }
    this.#busy = true;
    this.desk.mark(lines, "busy", true);
    try {
      await this.desk.attempt(edit);
    } finally {
      this.#busy = false;
      this.desk.view.expect(null);
      this.desk.mark(lines, "busy", false);
    }
  }
}

function isFree(polygon, { lines }, wanted) {
  return area(polygon) >= FREE * wanted && lines.every((line) => overlap(polygon, line.polygon) <= 1 - FREE);
}

/** What a person said the line holds, which goes along with its box; null where only the model has spoken. */
function ownText(line) {
  return line.verdict === "text" && (line.stored || line.pending) ? line.text : null;
}
