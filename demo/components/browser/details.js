// A sheet that asks what a document is called, whose hand it is and what it belongs to.

import { html } from "./dom.js";

const FIELDS = { name: "Name", writer: "Writer", collection: "Collection" };

/** Opens the sheet; `keep(details)` may refuse, and then it stays open and says why. */
export function askForDetails(document, keep) {
  const fields = Object.entries(FIELDS).map(([name, label]) => field(name, label, document[name]));
  const trouble = html("p", { class: "details-trouble", role: "alert" });
  const save = html("button", { type: "submit", class: "main" }, "Save");
  const form = html(
    "form",
    { class: "details", submit: (event) => (event.preventDefault(), submit()) },
    ...fields.map(({ label }) => label),
    html("p", {}, "A hand or a collection with enough corrected lines may get a model of its own."),
    trouble,
    html("footer", {}, html("button", { type: "button", click: () => dialog.close() }, "Leave as it is"), save),
  );
  const dialog = html(
    "dialog",
    { class: "sheet ask", "aria-label": "Name and writer", close: () => dialog.remove() },
    html("header", {}, html("h2", {}, "What is ", html("b", {}, document.name), "?")),
    form,
  );

  async function submit() {
    save.disabled = true;
    try {
      await keep(Object.fromEntries(fields.map(({ name, input }) => [name, input.value.trim() || null])));
      dialog.close();
    } catch (error) {
      trouble.textContent = error.message;
    }
    save.disabled = false;
  }

  globalThis.document.body.append(dialog);
  dialog.showModal();
}

function field(name, label, value) {
  const input = html("input", { type: "text", name, value: value ?? "", maxlength: 200, autocomplete: "off", required: name === "name" });
  if (name !== "name") input.setAttribute("list", `known-${name}s`);
  return { name, input, label: html("label", {}, label, input) };
}
