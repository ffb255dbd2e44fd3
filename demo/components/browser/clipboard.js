// Pictures out of the clipboard, at a click.

import { Refused } from "./api.js";
import { nameNow } from "./moments.js";

const BY_KEYS = "Click anywhere on this page and press Ctrl+V (⌘V) instead.";

/** The pictures and PDFs in the clipboard as files. */
export async function pastedFiles() {
  if (!navigator.clipboard?.read) throw new Refused(`This browser does not let pages look into the clipboard. ${BY_KEYS}`);
  const items = await navigator.clipboard.read().catch(() => {
    throw new Refused(`The browser did not let this page look into the clipboard. ${BY_KEYS}`);
  });
  const pictures = items.flatMap((item) => item.types.filter(isPicture).slice(0, 1).map((type) => file(item, type)));
  if (pictures.length === 0) throw new Refused("There is no picture in the clipboard. Copy one, then try again.");
  return Promise.all(pictures);
}

function isPicture(type) {
  return type.startsWith("image/") && type !== "image/svg+xml";
}

async function file(item, type) {
  return new File([await item.getType(type)], nameNow("Pasted", type.split("/")[1]), { type });
}
