// The way in and the way back: drop a file, try an example, open one of one's own pages.

import { address, findDocument, findFile, readFile, Refused } from "./api.js";
import { fill, html } from "./dom.js";

/** Brings the component to life. `props.value` is {documents, examples, limit_bytes}. */
export function mount({ element, props, trigger, watch }) {
  const shelf = new Shelf(element.querySelector(".shelf"), trigger);
  const build = () => shelf.show(props.value);
  watch("value", build);
  build();
}

class Shelf {
  #limit = Infinity;
  #reading = false;

  constructor(element, trigger) {
    this.element = element;
    this.trigger = trigger;
    this.input = element.querySelector("input[type=file]");
    this.drop = element.querySelector(".drop");
    this.progress = element.querySelector(".drop-progress");
    this.message = element.querySelector(".shelf-message");
    this.pages = element.querySelector(".shelf-pages");
    this.examples = element.querySelector(".shelf-examples");
    this.input.addEventListener("change", () => this.#readAll([...this.input.files]));
    this.#acceptDrops();
  }

  show(value) {
    if (!value) return;
    this.#limit = value.limit_bytes;
    const { documents, examples } = value;
    this.#furnish(documents.length === 0);
    section(this.pages, documents.map((document) => this.#documentTile(document)));
    section(this.examples, examples.map((example) => this.#exampleTile(example)));
    this.element.dataset.ready = "";
  }

  /** Wide open while there is nothing else to see, one slim row afterwards. */
  #furnish(empty) {
    if (this.element.dataset.empty === String(empty)) return;
    this.element.dataset.empty = String(empty);
    this.examples.open = empty;
  }

  #documentTile({ id, name, thumbnail, lines, corrected }) {
    const state = corrected === 0 ? `${lines} lines` : corrected < lines ? `${corrected} of ${lines} lines` : "all lines done";
    const open = () => this.#open(id);
    return tile({ name, state, picture: thumbnail, click: open, done: lines > 0 && corrected === lines });
  }

  #exampleTile({ name, title, image }) {
    const read = () => this.#readAll([findFile(image, name)]);
    return tile({ name: title, picture: image, click: read });
  }

  // Files may be dropped anywhere on the page, and pasted.
  #acceptDrops() {
    const carries = (event) => event.dataTransfer?.types.includes("Files");
    let depth = 0;
    const over = (step) => {
      depth = step === 0 ? 0 : depth + step;
      this.drop.classList.toggle("over", depth > 0);
    };
    document.addEventListener("dragenter", (event) => carries(event) && over(1));
    document.addEventListener("dragleave", (event) => carries(event) && over(-1));
    document.addEventListener("dragover", (event) => carries(event) && event.preventDefault());
    document.addEventListener("drop", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      over(0);
      this.#readAll([...event.dataTransfer.files]);
    });
    document.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length) this.#readAll(files);
    });
  }

  /** Reads files, or promises of files, one after the other; a bad one gets its sentence and the others go on. */
  async #readAll(files) {
    if (this.#reading || files.length === 0) return;
    this.#busy(true);
    this.#complain([]);
    const troubles = [];
    for (const file of files) {
      try {
        await this.#read(await file);
      } catch (error) {
        troubles.push(sentence(error));
      }
    }
    this.#busy(false);
    this.#complain(troubles);
    this.trigger("upload", {});
  }

  async #read(file) {
    if (file.size > this.#limit) throw new Refused(tooLarge(file, this.#limit));
    this.#report(`Reading ${file.name}`);
    let first = true;
    for await (const page of readFile(file)) {
      this.#furnish(false); // before the page is scrolled to
      show({ ...page.document, pages: [page] }, first);
      first = false;
      const { page_count } = page.document;
      if (page_count > 1) this.#report(`${file.name}: ${page.page} of ${page_count} pages read`);
    }
  }

  async #open(id) {
    try {
      show(await findDocument(id), true);
      this.#complain([]);
    } catch (error) {
      this.#complain([sentence(error)]);
    }
  }

  #busy(on) {
    this.#reading = on;
    this.element.classList.toggle("reading", on);
    this.element.setAttribute("aria-busy", String(on));
    this.input.disabled = on;
    if (!on) this.input.value = "";
  }

  #report(text) {
    this.progress.textContent = text;
  }

  /** Shows what went wrong, also to somebody who is far down the page. */
  #complain(sentences) {
    this.message.hidden = sentences.length === 0;
    fill(this.message, ...sentences.map((each) => html("p", {}, each)));
    if (sentences.length) this.message.scrollIntoView({ block: "nearest" });
  }
}

/** Hands a document to the correction screen; `asked`: the person wants to see it now. */
function show(shown, asked) {
  document.dispatchEvent(new CustomEvent("inkloop:document", { detail: { document: shown, asked } }));
}

/** What a person is told; a mistake of ours is not theirs, and goes to the console too. */
function sentence(error) {
  if (!(error instanceof Refused)) console.error(error);
  return error.message;
}

function section(element, tiles) {
  element.hidden = tiles.length === 0;
  fill(element.querySelector("ul"), ...tiles);
}

function tile({ name, state = "", picture, click, done = false }) {
  return html(
    "li",
    {},
    html(
      "button",
      { type: "button", class: done ? "tile done" : "tile", title: name, click },
      html("img", { src: address(picture), alt: "", loading: "lazy", decoding: "async" }),
      html("span", { class: "tile-name" }, name),
      state && html("span", { class: "tile-state" }, state),
    ),
  );
}

function tooLarge(file, limit) {
  const mega = (bytes) => Math.ceil(bytes / 2 ** 20);
  return `${file.name} has ${mega(file.size)} MB, more than the ${mega(limit)} MB that are read. Send a smaller photo, or fewer pages at once.`;
}
