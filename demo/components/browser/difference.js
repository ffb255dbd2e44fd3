// Two texts word by word: what they share, and what only one of them says.

/** The words of a text with their places: [{text, start, end}]. */
export function wordsOf(text) {
  return [...text.matchAll(/\S+/gu)].map(({ 0: word, index }) => ({ text: word, start: index, end: index + word.length }));
}

/**
 * Cuts two lists of strings into runs that are alike and runs that are not.
 * Gives [{same, a: [from, to], b: [from, to]}], covering both lists in order.
 */
export function runs(a, b) {
  const longest = commonLengths(a, b);
  const found = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const start = [i, j];
    const same = a[i] === b[j];
    if (same) {
      while (i < a.length && j < b.length && a[i] === b[j]) [i, j] = [i + 1, j + 1];
    } else {
      while ((i < a.length || j < b.length) && (i >= a.length || j >= b.length || a[i] !== b[j])) {
        if (j >= b.length || (i < a.length && longest[i + 1][j] >= longest[i][j + 1])) i += 1;
        else j += 1;
      }
    }
    found.push({ same, a: [start[0], i], b: [start[1], j] });
  }
  return found;
}

/** Both texts in pieces, the words that only one of them has marked: [[{text, changed}], [{text, changed}]]. */
export function difference(one, other) {
  const [a, b] = [wordsOf(one), wordsOf(other)];
  const found = runs(a.map(textOf), b.map(textOf));
  return [pieces(one, a, found.map((run) => [run.same, run.a])), pieces(other, b, found.map((run) => [run.same, run.b]))];
}

function pieces(text, words, spans) {
  const cut = [];
  let at = 0;
  for (const [same, [from, to]] of spans) {
    if (same || from === to) continue;
    const [start, end] = [words[from].start, words[to - 1].end];
    if (start > at) cut.push({ text: text.slice(at, start), changed: false });
    cut.push({ text: text.slice(start, end), changed: true });
    at = end;
  }
  if (at < text.length) cut.push({ text: text.slice(at), changed: false });
  return cut;
}

/** How many strings the rests of both lists share at most, from every pair of places on. */
function commonLengths(a, b) {
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      table[i][j] = a[i] === b[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  return table;
}

function textOf(word) {
  return word.text;
}
