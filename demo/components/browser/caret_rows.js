// The rows into which a line's text wraps: whether the caret is on the outermost one, and where it enters another text.

/** Whether ↑ (step -1) or ↓ (1) would lead the caret out of a field: it is on the first row, or on the last. */
export function leadsOut(row, step) {
  const { length } = row.line.text;
  return length === 0 || sameRow(at(row, caretOf(row, step)), at(row, step < 0 ? 0 : length));
}

/** Where the caret stands from left to right in the window. */
export function caretX(row, step) {
  return at(row, caretOf(row, step)).left;
}

/** The offset nearest to a place from left to right, on the row that is entered first on the way down (1) or up (-1). */
export function entry(row, x, step) {
  const { length } = row.line.text;
  const first = at(row, step > 0 ? 0 : length);
  let best = { offset: 0, away: Infinity };
  for (let offset = 0; offset <= length; offset += 1) {
    const place = at(row, offset);
    const away = Math.abs(place.left - x);
    if (sameRow(place, first) && away < best.away) best = { offset, away };
  }
  return best.offset;
}

function caretOf({ field }, step) {
  return step < 0 ? field.selectionStart : field.selectionEnd;
}

/** Where an offset stands: before its character, which tells apart the end of a row and the beginning of the next. */
function at(row, offset) {
  const last = offset === row.line.text.length;
  const { left, right, top, height } = row.rectangle(last ? Math.max(offset - 1, 0) : offset, last ? offset : offset + 1);
  return { left: last ? right : left, top, height };
}

function sameRow(one, other) {
  return Math.abs(one.top - other.top) < one.height / 2;
}
