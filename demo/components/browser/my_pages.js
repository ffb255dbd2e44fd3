// My pages: a tile for each document with its state, found by name, text or state, deleted after a second thought.

import { deleteDocument, describeDocument, findDocuments } from "./api.js";
import { askForDetails } from "./details.js";
import { fill, html } from "./dom.js";
import { tile } from "./tile.js";

const SHOWN = 60; // at first; the rest is a click away
const SEARCH_MS = 250; // a person has stopped typing
const STATES = { read: "Read", in_progress: "In progress", submitted: "Submitted", reviewed: "Reviewed" };

/**
 * The list. `open(id)` shows a document, `complain(error)` tells what went wrong, `know(documents)` sees them all,
 * `leave()` takes the focus where no page is left.
 */
export class MyPages {
  #documents = [];
  #all = false;
  #asked = 0;
  #timer = null;

  constructor(element, { open, complain, know, leave }) {
    Object.assign(this, { element, open, complain, know, leave });
    this.search = element.querySelector("input[type=search]");
    this.state = element.querySelector("select");
    this.none = element.querySelector(".pages-none");
    this.tiles = element.querySelector("ul");
    this.allButton = element.querySelector(".pages-all");
    const choices = Object.entries({ "": "All", ...STATES });
    fill(this.state, ...choices.map(([value, name]) => html("option", { value }, name)));
    this.search.addEventListener("input", () => this.#soon());
    this.state.addEventListener("change", () => this.refresh());
    this.allButton.addEventListener("click", () => this.#showAll(!this.#all));
  }

  /** Whether the person looks for something among their pages. */
  get #looking() {
    return this.search.value.trim() !== "" || this.state.value !== "";
  }

  /** Asks for the documents again, as they are looked for. */
  async refresh() {
    clearTimeout(this.#timer);
    const asked = (this.#asked += 1);
    try {
      const found = await findDocuments({ query: this.search.value.trim(), state: this.state.value });
      if (asked === this.#asked) this.#show(found); // answers may overtake one another
    } catch (error) {
      this.complain(error);
    }
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.refresh(), SEARCH_MS);
  }

  #show(documents) {
    this.#documents = documents;
    if (!this.#looking) {
      this.element.hidden = documents.length === 0;
      this.know(documents);
    }
    this.none.textContent = documents.length ? "" : "No page of yours fits.";
    this.#paint();
  }

  #showAll(all) {
    this.#all = all;
    this.allButton.setAttribute("aria-expanded", String(all));
    this.allButton.textContent = all ? "Show fewer" : "Show all";
    this.element.toggleAttribute("data-all", all);
    this.#paint();
  }

  #paint() {
    const shown = this.#all ? this.#documents : this.#documents.slice(0, SHOWN);
    this.#keepFocus(() => fill(this.tiles, ...shown.map((document) => this.#tile(document))));
    this.allButton.hidden = this.#documents.length < 6 && !this.#all;
  }

  #tile(document) {
    const { id, name, thumbnail, state } = document;
    return tile({
      name,
      picture: thumbnail,
      click: ({ currentTarget }) => busyWhile(currentTarget, this.open(id)),
      state: [html("span", { class: "tile-state", "data-state": state }, STATES[state]), ...details(document)],
      describe: () => askForDetails(document, (details) => this.#describe(document, details)),
      remove: () => confirmDeletion(document, () => this.#delete(document)),
    });
  }

  async #describe({ id }, details) {
    const described = await describeDocument(id, details);
    globalThis.document.dispatchEvent(new CustomEvent("inkloop:described", { detail: described }));
    await this.refresh();
  }

  async #delete({ id }) {
    const place = this.#documents.findIndex((each) => each.id === id);
    try {
      await deleteDocument(id);
      globalThis.document.dispatchEvent(new CustomEvent("inkloop:deleted", { detail: { id } }));
    } catch (error) {
      this.complain(error);
    }
    await this.refresh();
    const { activeElement, body } = globalThis.document;
    if (activeElement === body) this.#focus(place, "tile-remove"); // the tiles were painted anew while they were asked
  }

  /** Tiles are made anew: the one in the same place gets the focus back, the last where it is gone, or else the way in. */
  #keepFocus(paint) {
    const { activeElement } = globalThis.document;
    const place = [...this.tiles.children].findIndex((each) => each.contains(activeElement));
    paint();
    if (place >= 0) this.#focus(place, [...activeElement.classList].at(-1)); // the tile itself, or one of its buttons
  }

  #focus(place, kind) {
    const next = this.tiles.children[Math.max(0, Math.min(place, this.tiles.children.length - 1))];
    if (next) next.querySelector(`.${kind}`)?.focus();
    else this.leave();
  }
}

/** A long document takes a moment to come: the tile that was clicked says that it is on its way. */
async function busyWhile(tile, opening) {
  tile.setAttribute("aria-busy", "true");
  await opening;
  tile.removeAttribute("aria-busy");
}

function details({ pages, page_count, lines, corrected, doubtful, state }) {
  if (pages < page_count) return [html("span", { class: "tile-more" }, `${pages} of ${count(page_count, "page")} read`)];
  const done = state === "in_progress" ? `${corrected} of ${count(lines, "line")}` : count(lines, "line");
  const doubt = doubtful && state !== "reviewed" ? html("span", { class: "tile-doubt" }, `${doubtful} doubtful`) : null;
  return [html("span", { class: "tile-more" }, done), doubt];
}

/** Says what goes before it goes. */
function confirmDeletion({ name, pages, lines, corrected, drafts }, go) {
  const typed = [corrected && `your corrections of ${count(corrected, "line")}`, drafts && count(drafts, "draft")];
  const what = [`${count(pages, "page")} with ${count(lines, "line")}`, ...typed].filter(Boolean);
  const dialog = html(
    "dialog",
    { class: "sheet ask", "aria-label": "Delete", close: () => dialog.remove() },
    html("header", {}, html("h2", {}, "Delete ", html("b", {}, name), "?")),
    html("p", {}, `This deletes ${listed(what)}. Nobody sees them any more, and no model learns from them.`),
    html(
      "footer",
      {},
      html("button", { type: "button", autofocus: true, click: () => dialog.close() }, "Keep"),
      html("button", { type: "button", class: "danger", click: () => (dialog.close(), go()) }, "Delete"),
    ),
  );
  globalThis.document.body.append(dialog);
  dialog.showModal();
}

function listed(parts) {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
