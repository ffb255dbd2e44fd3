// Which word of a line's text a click on its image means.

import { wordsOf } from "./difference.js";
import { shareBefore } from "./shapes.js";

/** Where the word begins whose middle is nearest to a share of the line's width, from 0 to 1 and from the left. */
export function caretAt(text, share) {
  const away = ({ start, end }) => Math.abs((shareBefore(text, start) + shareBefore(text, end)) / 2 - share);
  const words = wordsOf(text);
  return words.length ? words.reduce((best, word) => (away(word) < away(best) ? word : best)).start : 0;
}

/** The caret that a click in a row means: in the line's image the word under the pointer, beside it the first. */
export function caretUnder({ crop, line }, { target, clientX }) {
  if (!crop.contains(target)) return 0;
  const { left, width } = crop.getBoundingClientRect();
  return caretAt(line.text, (clientX - left) / width);
}
