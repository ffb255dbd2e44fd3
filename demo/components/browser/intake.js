// Reads files one after the other, and shows how far it is: which file, which page, how long it will take.

import { Cancelled, readFile, Refused } from "./api.js";

const ENOUGH_PAGES = 3; // before anything is said about the time that is left

/** The queue of files and its panel. Files may be added while others are being read. */
export class Intake {
  #waiting = [];
  #files = 0; // of this batch, for "file 2 of 5"
  #steps = 0; // pages that were read, and files that failed
  #expected = 0; // pages of the files begun; a file that waits counts as one
  #stop = null;

  /**
   * `furnish(on)` is told when reading begins and ends, `take(page, first)` gets each page, `first` that of a batch,
   * `about()` gives the form fields to send along, `done(troubles)` the sentences about what went wrong.
   */
  constructor(panel, { limit, about, furnish, take, done }) {
    Object.assign(this, { panel, limit, about, furnish, take, done });
    this.name = panel.querySelector(".intake-name");
    this.bar = panel.querySelector(".intake-bar");
    this.place = panel.querySelector(".intake-place");
    panel.querySelector(".intake-cancel").addEventListener("click", () => this.#stop?.abort());
  }

  get busy() {
    return this.#stop !== null;
  }

  /** Takes files, or promises of files, into the queue. */
  async add(files) {
    if (files.length === 0) return;
    this.#waiting.push(...files);
    this.#files += files.length;
    this.#expected += files.length;
    if (this.busy) return this.#showMore();
    this.#stop = new AbortController();
    this.#begin();
    const troubles = await this.#readAll();
    this.#end();
    this.done(troubles);
  }

  #begin() {
    this.panel.hidden = false;
    this.furnish(true);
  }

  #end() {
    this.#stop = null;
    this.#waiting = [];
    this.#files = this.#steps = this.#expected = 0;
    this.panel.hidden = true;
    this.furnish(false);
  }

  async #readAll() {
    const troubles = [];
    let first = true;
    while (this.#waiting.length && !this.#stop.signal.aborted) {
      const next = this.#waiting.shift();
      try {
        for await (const page of this.#pagesOf(await next)) {
          this.take(page, first);
          first = false;
        }
      } catch (error) {
        troubles.push(sentence(error));
        this.#steps += 1;
      }
    }
    return troubles;
  }

  async *#pagesOf(file) {
    if (file.size > this.limit()) throw new Refused(tooLarge(file, this.limit()));
    this.#show({ name: file.name });
    const begun = performance.now();
    let read = null;
    try {
      for await (const page of readFile(file, { ...this.about(), signal: this.#stop.signal })) {
        if (!read) this.#expected += page.document.page_count - 1;
        read = { pages: page.page, of: page.document.page_count, seconds: (performance.now() - begun) / 1000 };
        this.#steps += 1;
        yield page;
        this.#show({ name: file.name, read });
      }
    } catch (error) {
      throw error instanceof Cancelled ? new Refused(stopped(file, read, this.#waiting.length)) : error;
    }
  }

  #show({ name, read = null }) {
    this.name.textContent = name;
    this.name.title = name;
    this.#placeText = read && read.of > 1 ? `Page ${read.pages} of ${read.of}${timeLeft(read)}` : "Reading…";
    this.#showMore();
  }

  #placeText = "";

  /** The bar over all files of the batch; without an end in sight it only moves. */
  #showMore() {
    const file = this.#files - this.#waiting.length;
    const files = this.#files > 1 ? `File ${file} of ${this.#files}` : "";
    this.place.textContent = [files, this.#placeText].filter(Boolean).join(" · ");
    this.bar.setAttribute("aria-valuetext", `${this.name.textContent}: ${this.place.textContent}`);
    this.bar.setAttribute("aria-valuemax", String(this.#expected));
    const known = this.#expected > 1;
    if (known) this.bar.setAttribute("aria-valuenow", String(this.#steps));
    else this.bar.removeAttribute("aria-valuenow");
    this.bar.firstElementChild.style.width = known ? `${(100 * this.#steps) / this.#expected}%` : "";
  }
}

/** What a person is told; a mistake of ours is not theirs, and goes to the console too. */
export function sentence(error) {
  if (!(error instanceof Refused)) console.error(error);
  return error.message;
}

function timeLeft({ pages, of, seconds }) {
  if (pages < ENOUGH_PAGES || pages === of) return "";
  const left = (seconds / pages) * (of - pages);
  return left < 90 ? ` · about ${Math.max(5, Math.ceil(left / 5) * 5)} s left` : ` · about ${Math.round(left / 60)} min left`;
}

function stopped(file, read, waiting) {
  const kept = read ? `${read.pages} of ${read.of} pages of ${file.name} were read and are kept.` : `${file.name} was not read.`;
  const rest = waiting ? ` ${waiting} more file${waiting === 1 ? " was" : "s were"} not sent.` : "";
  return `Stopped. ${kept}${rest}`;
}

function tooLarge(file, limit) {
  const mega = (bytes) => Math.ceil(bytes / 2 ** 20);
  return `${file.name} has ${mega(file.size)} MB, more than the ${mega(limit)} MB that are read. Send a smaller photo, or fewer pages at once.`;
}
