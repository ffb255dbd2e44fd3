// A small picture with a name under it: a page of one's own, or an example.

import { address } from "./api.js";
import { html } from "./dom.js";

/** A list item. `state` are elements below the name; `describe` and `remove` add a button each. */
export function tile({ name, picture, click, state = [], describe = null, remove = null }) {
  const image = picture && html("img", { src: address(picture), alt: "", loading: "lazy", decoding: "async" });
  return html(
    "li",
    { class: "tile-place" },
    html(
      "button",
      { type: "button", class: "tile", title: name, click },
      image ?? html("span", { class: "tile-blank" }),
      html("span", { class: "tile-name" }, name),
      ...state,
    ),
    describe && html("button", { type: "button", class: "tile-act tile-describe", "aria-label": `Name and writer of ${name}`, title: "Name, writer, collection", click: describe }, "✎"),
    remove && html("button", { type: "button", class: "tile-act tile-remove", "aria-label": `Delete ${name}`, click: remove }, "×"),
  );
}
