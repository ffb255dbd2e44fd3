// What else a word may be: the decoder's other readings of the whole line, cut down to the word under the caret.

import { runs, wordsOf } from "./difference.js";

const MOST = 6;

/**
 * What could stand instead of the word at `caret`: [{text, start, end}], the most probable first; the range is the
 * part of the line that the text would replace, mostly the word itself, more where a reading joins or parts words.
 */
export function wordChoices(text, alternatives, caret) {
  const words = wordsOf(text);
  const place = words.findIndex((word) => word.start <= caret && caret <= word.end);
  if (place < 0) return [];
  const found = new Map();
  for (const alternative of alternatives) {
    const choice = instead(text, words, place, alternative);
    if (choice && !found.has(choice.text)) found.set(choice.text, choice);
  }
  return [...found.values()].slice(0, MOST);
}

/** The other readings of the whole line that differ from what stands there. */
export function lineChoices(text, alternatives) {
  return [...new Set(alternatives)].filter((other) => other !== text).slice(0, MOST);
}

/** Start and end of the word at or beside an offset, or null. */
export function wordAt(text, offset) {
  const word = wordsOf(text).find(({ start, end }) => start <= offset && offset <= end);
  return word ? [word.start, word.end] : null;
}

function instead(text, words, place, alternative) {
  const others = wordsOf(alternative);
  const run = runs(words.map((word) => word.text), others.map((word) => word.text)).find(
    ({ a: [from, to] }) => from <= place && place < to,
  );
  if (!run || run.same || run.b[0] === run.b[1]) return null;
  // As many words on both sides: they stand for each other one by one. Otherwise the run is replaced as a whole.
  const paired = run.a[1] - run.a[0] === run.b[1] - run.b[0];
  const [from, to] = paired ? [place, place + 1] : run.a;
  const [first, last] = paired ? [run.b[0] + place - run.a[0], run.b[0] + place - run.a[0] + 1] : run.b;
  const [start, end] = [words[from].start, words[to - 1].end];
  const replacement = alternative.slice(others[first].start, others[last - 1].end);
  return replacement === text.slice(start, end) ? null : { text: replacement, start, end };
}
