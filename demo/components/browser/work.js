// What a person is doing to a document: the texts they changed, the lines they checked, the effort it took.
// Knows nothing of the screen or the network; everything that shows or saves it listens for "change".

import { History } from "./history.js";
import { LineWork, RIVALS } from "./line_work.js";

/**
 * One document: its pages as they arrive, and the line that is being worked on.
 * "change" tells {line, from}: the line, or null for all; from: "person", "server" or "tab" (another one of theirs).
 * "pages" tells {page, from, answer}: which lines a page has, or what is known of them, is new.
 */
export class Work extends EventTarget {
  #known = new Map(); // lines that are gone stay: undo may bring them back

  constructor(document) {
    super();
    this.id = document.id;
    this.name = document.name;
    this.pageCount = document.page_count;
    this.pages = [];
    this.current = null;
    this.history = new History();
  }

  /** Adds pages that are not here yet; what a person typed on the others stays. */
  add(pages) {
    for (const page of pages) {
      if (!this.pages.some((known) => known.id === page.id)) this.pages.push({ ...page, lines: this.#lines(page) });
    }
    this.pages.sort((a, b) => a.page - b.page);
    this.#tell(null, "server");
  }

  /** The newest state of a page; lines that are no longer in it go, what was typed on the others stays. */
  receive(answer, from = "server") {
    const page = this.pages.find((known) => known.id === answer.id);
    if (!page) {
      this.add([answer]);
      return;
    }
    Object.assign(page, answer, { lines: this.#lines(answer) });
    if (this.current && !this.lines.includes(this.current)) this.current = null;
    this.dispatchEvent(new CustomEvent("pages", { detail: { page, from, answer } }));
    this.#tell(null, from);
  }

  get lines() {
    return this.pages.flatMap((page) => page.lines);
  }

  get pending() {
    return this.lines.filter((line) => line.pending);
  }

  /** Lines about which the person has to decide before they can be submitted. */
  get contested() {
    return this.lines.filter((line) => line.rival?.kind === RIVALS.stored);
  }

  line(id) {
    return this.#known.get(id);
  }

  pageOf(line) {
    return this.pages.find((page) => page.lines.includes(line));
  }

  /** The line `step` further on in reading order, across pages, or null at either end. */
  beside(line, step) {
    const lines = this.lines;
    return lines[lines.indexOf(line) + step] ?? null;
  }

  /** The next doubtful line after this one, from the start again after the last, or null. */
  nextDoubtful(line) {
    const lines = this.lines;
    const at = lines.indexOf(line) + 1;
    return [...lines.slice(at), ...lines.slice(0, at)].find((other) => other.doubtful) ?? null;
  }

  enter(line) {
    this.current = line;
    this.#tell(line, "screen");
  }

  write(line, text) {
    this.#change([line], () => ({ text }), line.id);
  }

  /**
   * Puts several texts into a line and into those after it on its page that nobody has touched, in one step; the last
   * of them takes what is left. Gives these lines.
   */
  pour(line, texts) {
    const { lines } = this.pageOf(line);
    const after = lines.slice(lines.indexOf(line) + 1);
    const end = after.findIndex((each) => !each.untouched);
    const into = [line, ...(end < 0 ? after : after.slice(0, end))].slice(0, texts.length);
    const parts = [...texts.slice(0, into.length - 1), texts.slice(into.length - 1).join(" ")];
    this.#change(into, (each) => ({ text: parts[into.indexOf(each)] }));
    return into;
  }

  check(line) {
    this.#change([line], () => ({ checked: true }));
  }

  /** Lines of a page that nobody has spoken about and the model does not doubt. */
  plain(page) {
    return page.lines.filter((line) => !line.stored && !line.pending && !line.doubtful);
  }

  /** Vouches for the plain lines of a page. */
  checkPlain(page) {
    this.#change(this.plain(page), () => ({ checked: true }));
  }

  /** Says that a line cannot be read, or is no writing; the same verdict again takes it back. */
  judge(line, verdict) {
    this.#change([line], () => ({ verdict: line.verdict === verdict ? "text" : verdict }));
  }

  /** Back to what the store holds. */
  revert(line) {
    this.#change([line], () => ({ text: line.saved, verdict: line.savedVerdict, checked: false }));
  }

  /** Decides between the person's text and its rival: "theirs" is taken over, "mine" is kept. */
  settle(line, choice) {
    const { text, verdict } = line.rival;
    line.rival = null;
    if (choice === "theirs") this.#change([line], () => ({ text, verdict, checked: false }));
    else this.#tell(line, "person");
  }

  /** How a line looks in another tab of the same person. */
  hear(id, look) {
    const line = this.line(id);
    if (!line) return;
    line.look = look;
    line.drafted = line.pending; // the other tab keeps it
    this.#tell(line, "tab");
  }

  /** Takes everything pending out for sending; give it to `keep` or `giveBack` afterwards. */
  take() {
    const ready = this.pending.filter((line) => line.rival?.kind !== RIVALS.stored);
    return ready.map((line) => {
      const { text, verdict, seconds, keystrokes } = line;
      line.seconds = 0;
      line.keystrokes = 0;
      return { line, text, verdict, seconds, keystrokes };
    });
  }

  /** The store has these now: [{line_id, revision, unknown_characters}]. A line that was changed meanwhile stays so. */
  keep(taken, stored, from = "person") {
    const rows = new Map(stored.map((row) => [row.line_id, row]));
    for (const { line, text, verdict } of taken) {
      const row = rows.get(line.id);
      line.saved = text;
      line.savedVerdict = verdict;
      line.revision = row?.revision ?? line.revision + 1;
      line.unknown = row?.unknown_characters ?? [];
      line.stored = true;
      line.checked = false;
      line.drafted = false;
    }
    this.#tell(null, from);
  }

  /** Sending failed: nothing is lost, the effort neither. */
  giveBack(taken) {
    for (const { line, seconds, keystrokes } of taken) {
      line.seconds += seconds;
      line.keystrokes += keystrokes;
    }
  }

  #lines(page) {
    return page.lines.map((row, index) => {
      const known = this.#known.get(row.id);
      if (known) known.refresh(row, index + 1);
      else this.#known.set(row.id, new LineWork(row, index + 1));
      return this.#known.get(row.id);
    });
  }

  /** Changes lines in one step that can be taken back; steps with one key melt together while somebody types. */
  #change(lines, alter, key = null) {
    const before = lines.map((line) => [line, line.look]);
    for (const line of lines) line.look = { ...line.look, ...alter(line) };
    const after = lines.map((line) => [line, line.look]);
    const put = (looks) => () => {
      for (const [line, look] of looks) line.look = look;
      for (const [line] of looks) this.#tell(line, "person");
      return looks[0]?.[0];
    };
    const same = before.every(([, look], i) => JSON.stringify(look) === JSON.stringify(after[i][1]));
    if (!same) this.history.record({ undo: put(before), redo: put(after), key });
    for (const line of lines) this.#tell(line, "person");
  }

  #tell(line, from) {
    this.dispatchEvent(new CustomEvent("change", { detail: { line, from } }));
  }
}
