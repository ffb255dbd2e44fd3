// The list of a document's pages in the bar: it leads to any of them at once, and says where something is doubtful.

import { count } from "./bar.js";
import { fill, html } from "./dom.js";

/** Fills a <select>; `go(page)` when one was chosen. Pages that are still to be read stand in it, but lead nowhere. */
export class PageList {
  #names = "";

  constructor(select, go) {
    this.select = select;
    this.work = null;
    select.addEventListener("change", () => go(this.#known().get(Number(select.value))));
  }

  show(work, page) {
    this.work = work;
    const known = this.#known();
    const options = Array.from({ length: work.pageCount }, (_, place) => option(place + 1, known.get(place + 1)));
    const names = options.map(({ textContent }) => textContent).join("\n");
    if (names !== this.#names) fill(this.select, ...options); // else the list may be open: it stays as it is
    this.#names = names;
    this.select.value = String(page?.page ?? 1);
  }

  #known() {
    return new Map(this.work.pages.map((page) => [page.page, page]));
  }
}

function option(number, page) {
  const doubtful = page ? page.lines.filter((line) => line.doubtful).length : 0;
  const more = page ? (doubtful ? `: ${count(doubtful, "doubtful line")}` : "") : ": not read yet";
  return html("option", { value: number, disabled: !page }, `Page ${number}${more}`);
}
