// Looking closer at a page: a window on it that zooms and moves, and comes along with the line that is worked on.

import { bounds } from "./geometry.js";

const CLOSEST = 12;
const STEP = 1.35;
const AIR = 0.06; // of the window kept around a line that it follows

/** The window: {x, y, scale} in pixels of the page; scale 1 shows the whole page. */
export class PageZoom {
  constructor(width, height, view = null) {
    Object.assign(this, { width, height, x: 0, y: 0, scale: 1 });
    if (view) this.#move(view.x, view.y, view.scale);
  }

  get view() {
    return { x: this.x, y: this.y, scale: this.scale };
  }

  get viewBox() {
    return `${this.x} ${this.y} ${this.width / this.scale} ${this.height / this.scale}`;
  }

  /** Zooms by a factor; the point of the page stays where it is in the window. */
  by(factor, [px, py] = this.centre) {
    const scale = clamp(this.scale * factor, 1, CLOSEST);
    const share = this.scale / scale;
    this.#move(px - (px - this.x) * share, py - (py - this.y) * share, scale);
  }

  closer(about) {
    this.by(STEP, about);
  }

  farther(about) {
    this.by(1 / STEP, about);
  }

  whole() {
    this.#move(0, 0, 1);
  }

  /** Moves the window over the page. */
  pan(dx, dy) {
    this.#move(this.x + dx, this.y + dy, this.scale);
  }

  /** The window on another page of the same document: as close, from the top left, where reading begins. */
  onto() {
    return { x: 0, y: 0, scale: this.scale };
  }

  /** Brings a line into the window, its beginning first, if it is not there; says whether anything moved. */
  follow(line) {
    const box = bounds(line.polygon);
    const [width, height] = [this.width / this.scale, this.height / this.scale];
    const [mx, my] = [AIR * width, AIR * height];
    const across = this.x <= box.x && (box.x + box.width <= this.x + width || box.width > width);
    const down = this.y <= box.y && box.y + box.height <= this.y + height;
    if (this.scale === 1 || (across && down)) return false;
    const x = across ? this.x : box.width > width - 2 * mx ? box.x - mx : box.x + box.width / 2 - width / 2;
    this.#move(x, down ? this.y : box.y + box.height / 2 - height / 2, this.scale);
    return true;
  }

  get centre() {
    return [this.x + this.width / this.scale / 2, this.y + this.height / this.scale / 2];
  }

  #move(x, y, scale) {
    this.scale = clamp(scale, 1, CLOSEST);
    this.x = clamp(x, 0, this.width - this.width / this.scale);
    this.y = clamp(y, 0, this.height - this.height / this.scale);
  }
}

function clamp(value, low, high) {
  return Number.isFinite(value) ? Math.min(Math.max(value, low), high) : low;
}
