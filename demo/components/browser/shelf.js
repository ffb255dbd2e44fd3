// The way in and the way back: drop, photograph, paste or write a page, try an example, open one of one's own.

import { findDocument, findFile } from "./api.js";
import { openCamera } from "./camera.js";
import { pastedFiles } from "./clipboard.js";
import { fill, html } from "./dom.js";
import { Intake, sentence } from "./intake.js";
import { MyPages } from "./my_pages.js";
import { tile } from "./tile.js";

/** Brings the component to life. `props.value` is {examples, limit_bytes, moment}. */
export function mount({ element, props, watch }) {
  const shelf = new Shelf(element.querySelector(".shelf"));
  const build = () => shelf.show(props.value);
  watch("value", build);
  build();
}

class Shelf {
  #limit = Infinity;

  constructor(element) {
    this.element = element;
    this.input = element.querySelector("input[type=file]");
    this.drop = element.querySelector(".drop");
    this.message = element.querySelector(".shelf-message");
    this.examples = element.querySelector(".shelf-examples");
    this.about = element.querySelector(".about");
    this.intake = new Intake(element.querySelector(".intake"), {
      limit: () => this.#limit,
      about: () => this.#fields(),
      furnish: (on) => this.#busy(on),
      take: (page, first) => this.#take(page, first),
      done: (troubles) => this.#done(troubles),
    });
    this.pages = new MyPages(element.querySelector(".shelf-pages"), {
      open: (id) => this.#open(id),
      complain: (error) => this.#complain([sentence(error)]),
      know: (documents) => this.#know(documents),
      leave: () => this.input.focus(),
    });
    const readChosen = () => this.#read([...this.input.files]);
    this.input.addEventListener("change", readChosen);
    for (const button of element.querySelectorAll("[data-way]")) {
      button.addEventListener("click", () => this.#ways[button.dataset.way]());
    }
    this.#acceptDrops();
    if (this.input.files.length) readChosen(); // chosen while the page was still loading
  }

  async show(value) {
    if (!value) return;
    this.#limit = value.limit_bytes;
    const { examples } = value;
    this.examples.hidden = examples.length === 0;
    fill(this.examples.querySelector("ul"), ...examples.map((example) => this.#exampleTile(example)));
    await this.pages.refresh();
    this.element.dataset.ready = "";
  }

  #ways = {
    camera: () => openCamera((file) => this.#read([file])),
    clipboard: () => this.#paste(),
    pen: () => document.dispatchEvent(new CustomEvent("inkloop:write")),
  };

  /** All documents of the person: how the shelf is furnished, and what may be suggested for new ones. */
  #know(documents) {
    this.#furnish(documents.length === 0);
    for (const field of ["writer", "collection"]) {
      const known = [...new Set(documents.map((document) => document[field]).filter(Boolean))].sort();
      fill(this.about.querySelector(`#known-${field}s`), ...known.map((value) => html("option", { value })));
    }
  }

  /** Wide open while there is nothing else to see, one slim row afterwards. */
  #furnish(empty) {
    if (this.element.dataset.empty === String(empty)) return;
    this.element.dataset.empty = String(empty);
    this.examples.open = empty;
  }

  #exampleTile({ title, image }) {
    return tile({ name: title, picture: image, click: () => this.#read([findFile(image, title)]) });
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
      this.#read([...event.dataTransfer.files]);
    });
    document.addEventListener("paste", (event) => this.#read([...(event.clipboardData?.files ?? [])]));
    document.addEventListener("inkloop:files", ({ detail }) => this.#read(detail.files));
  }

  async #paste() {
    try {
      this.#read(await pastedFiles());
    } catch (error) {
      this.#complain([sentence(error)]);
    }
  }

  #read(files) {
    if (files.length === 0) return;
    if (!this.intake.busy) this.#complain([]);
    this.intake.add(files);
  }

  #fields() {
    return Object.fromEntries([...this.about.querySelectorAll("input")].map(({ name, value }) => [name, value.trim()]));
  }

  #take(page, first) {
    this.#furnish(false); // before the page is scrolled to
    show({ ...page.document, pages: [page] }, first);
    this.pages.refresh();
  }

  #done(troubles) {
    this.#complain(troubles);
    this.pages.refresh();
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
    this.drop.hidden = on;
    this.element.setAttribute("aria-busy", String(on));
    if (!on) this.input.value = "";
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
