// Writing as strokes: what was drawn, erased and undone, and how it looks. Knows nothing of the screen.

const INK = "#14161c";
const PEN_PX = 3;
const ERASER_PX = 14;

/** The strokes of a sheet and the way back to every earlier state. A stroke is [[x, y, pressure], …]. */
export class Ink {
  #states = [[]];
  #at = 0;
  #rubbed = null;

  get strokes() {
    return this.#rubbed ?? this.#states[this.#at];
  }

  get empty() {
    return this.strokes.length === 0;
  }

  get canUndo() {
    return this.#at > 0;
  }

  get canRedo() {
    return this.#at < this.#states.length - 1;
  }

  add(stroke) {
    this.#go([...this.strokes, stroke]);
  }

  /** Takes away the strokes near a point; `settle` makes one step of all that a movement took away. */
  rub([x, y]) {
    this.#rubbed = this.strokes.filter((stroke) => distance(stroke, x, y) > ERASER_PX);
  }

  settle() {
    const rubbed = this.#rubbed;
    this.#rubbed = null;
    if (rubbed && rubbed.length < this.strokes.length) this.#go(rubbed);
  }

  clear() {
    if (!this.empty) this.#go([]);
  }

  undo() {
    if (this.canUndo) this.#at -= 1;
  }

  redo() {
    if (this.canRedo) this.#at += 1;
  }

  #go(strokes) {
    this.#states = [...this.#states.slice(0, this.#at + 1), strokes];
    this.#at += 1;
  }
}

/** Draws strokes; the harder they were pressed, the wider. */
export function paint(context, strokes) {
  context.strokeStyle = INK;
  context.fillStyle = INK;
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const stroke of strokes) {
    if (stroke.length === 1) dot(context, stroke[0]);
    else for (let i = 1; i < stroke.length; i += 1) segment(context, stroke, i);
  }
}

/** The strokes as a PNG on white paper, large enough for the reader whatever the size of the screen. */
export function toPng(strokes, { width, height }) {
  const scale = Math.min(4, Math.max(2, 2000 / width));
  const canvas = Object.assign(document.createElement("canvas"), { width: width * scale, height: height * scale });
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(scale, scale);
  paint(context, strokes);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function dot(context, [x, y, pressure]) {
  context.beginPath();
  context.arc(x, y, widthOf(pressure) / 2 + 0.4, 0, 2 * Math.PI);
  context.fill();
}

/** From the middle of one step to the middle of the next, bent around the point between: no corners show. */
function segment(context, stroke, i) {
  const [before, here, after] = [stroke[i - 1], stroke[i], stroke[i + 1]];
  context.lineWidth = widthOf((before[2] + here[2]) / 2);
  context.beginPath();
  context.moveTo(...(i === 1 ? before : middle(before, here)));
  if (after) context.quadraticCurveTo(here[0], here[1], ...middle(here, after));
  else context.lineTo(here[0], here[1]);
  context.stroke();
}

function middle(one, other) {
  return [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];
}

function widthOf(pressure) {
  return PEN_PX * (0.4 + 1.2 * pressure);
}

function distance(stroke, x, y) {
  return Math.min(...stroke.map(([px, py], i) => toSegment(x, y, [px, py], stroke[i + 1] ?? [px, py])));
}

function toSegment(x, y, [x0, y0], [x1, y1]) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const share = dx || dy ? Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy))) : 0;
  return Math.hypot(x - x0 - share * dx, y - y0 - share * dy);
}
