// Which words of a line's text are still the model's doubtful ones, while a person is changing that text.

/**
 * Cuts the text into pieces, each marked doubtful or not: a doubtful word by itself, all between two of them in one.
 *
 * Words before the first and after the last change keep the model's opinion; what a person wrote is beyond doubt.
 */
export function pieces(text, words) {
  const tokens = text.split(/(\s+)/u);
  const places = tokens.flatMap((token, index) => (token.trim() === "" ? [] : [index]));
  const said = (place) => tokens[places[place]];
  const shared = Math.min(places.length, words.length);
  let head = 0;
  while (head < shared && said(head) === words[head].text) head += 1;
  let tail = 0;
  while (tail < shared - head && said(places.length - 1 - tail) === words[words.length - 1 - tail].text) tail += 1;
  const doubtful = new Set();
  for (let i = 0; i < head; i += 1) if (words[i].doubtful) doubtful.add(places[i]);
  for (let i = 1; i <= tail; i += 1) if (words[words.length - i].doubtful) doubtful.add(places[places.length - i]);
  return joined(tokens.map((token, index) => ({ text: token, doubtful: doubtful.has(index) })));
}

/** Start and end of the first doubtful word at or after an offset, or null. */
export function nextDoubt(text, words, from = 0) {
  let start = 0;
  for (const piece of pieces(text, words)) {
    const end = start + piece.text.length;
    if (piece.doubtful && start >= from) return [start, end];
    start = end;
  }
  return null;
}

function joined(pieces) {
  const kept = [];
  for (const { text, doubtful } of pieces) {
    if (kept.length && !doubtful && !kept.at(-1).doubtful) kept.at(-1).text += text;
    else kept.push({ text, doubtful });
  }
  return kept;
}
