// The geometry of lines: cut one in two, join two, simplify, move a corner. Everything in pixels of the page.

import { bounds } from "./geometry.js";

const NARROW = /[\s.,;:'’!|iljtfrI()[\]]/u;
const WIDE = /[mwMWœæŒÆ@—]/u;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/u;
const DIRECTION = /[\p{L}]/u;

/** How far along the writing a caret stands, from 0 to 1 and from the left, by the width letters commonly take. */
export function shareBefore(text, caret) {
  const width = (part) => [...part].reduce((sum, each) => sum + (NARROW.test(each) ? 0.55 : WIDE.test(each) ? 1.5 : 1), 0);
  const share = width(text.slice(0, caret)) / (width(text) || 1);
  return rightToLeft(text) ? 1 - share : share;
}

/** Whether a text runs from right to left, by its first letter, as dir=auto decides. */
export function rightToLeft(text) {
  const first = [...text].find((each) => DIRECTION.test(each));
  return first !== undefined && RIGHT_TO_LEFT.test(first);
}

/** Two shapes {polygon, baseline}, left and right of a share of the way along the line, cut across its baseline. */
export function split({ polygon, baseline }, share) {
  const axis = baseline && baseline.length > 1 ? baseline : middle(polygon);
  const { point, direction } = along(axis, share);
  const side = ([x, y]) => (x - point[0]) * direction[0] + (y - point[1]) * direction[1];
  const halves = [(each) => -side(each), side].map((inside) => clip(polygon, inside));
  if (!baseline) return halves.map((half) => ({ polygon: half, baseline: null }));
  const [before, after] = [baseline.filter((each) => side(each) < 0), baseline.filter((each) => side(each) > 0)];
  return [
    { polygon: halves[0], baseline: [...before, point] },
    { polygon: halves[1], baseline: [point, ...after] },
  ];
}

/** One shape around two: their common hull; the baselines one after the other, from left to right. */
export function join(one, other) {
  const polygon = hull([...one.polygon, ...other.polygon]);
  if (!one.baseline || !other.baseline) return { polygon, baseline: null };
  const [left, right] = [one.baseline, other.baseline].sort((a, b) => a[0][0] - b[0][0]);
  const end = left.at(-1)[0];
  const rest = right.filter(([x]) => x > end);
  // Lines above each other have no common baseline: the reader finds its own.
  return { polygon, baseline: rest.length > 1 ? [...left, ...rest] : null };
}

/** The same outline with few points: Douglas and Peucker's, for a closed polygon or an open line. */
export function simplified(points, tolerance, { closed = false } = {}) {
  if (!closed) return peucker(points, tolerance);
  const far = points.reduce((best, each, i) => (distance(points[0], each) > distance(points[0], points[best]) ? i : best), 0);
  const [there, back] = [points.slice(0, far + 1), [...points.slice(far), points[0]]];
  return [...peucker(there, tolerance).slice(0, -1), ...peucker(back, tolerance).slice(0, -1)];
}

/** The rectangle between two corners as a polygon. */
export function rectangle([x1, y1], [x2, y2]) {
  const [left, right, top, bottom] = [Math.min(x1, x2), Math.max(x1, x2), Math.min(y1, y2), Math.max(y1, y2)];
  return [[left, top], [right, top], [right, bottom], [left, bottom]];
}

/** The part of a baseline that lies in a box that was made smaller; all of it where nothing else would be left. */
export function inBox(baseline, polygon) {
  const { x, y, width, height } = bounds(polygon);
  const [low, high, axis] = width >= height ? [x, x + width, 0] : [y, y + height, 1];
  const kept = baseline.slice(1).flatMap((point, i) => within(baseline[i], point, { low, high, axis }));
  const distinct = kept.filter((point, i) => i === 0 || distance(point, kept[i - 1]) > 0);
  return distinct.length > 1 ? distinct : baseline;
}

/** Points that may have been dragged over the page's edge, back on the page. */
export function onPage(points, { width, height }) {
  return points.map(([x, y]) => [Math.min(Math.max(x, 0), width), Math.min(Math.max(y, 0), height)]);
}

/** A line as high and wide as this one, right under it. */
export function below({ polygon, baseline }) {
  const { height } = bounds(polygon);
  const down = ([x, y]) => [x, y + height];
  return { polygon: polygon.map(down), baseline: baseline && baseline.map(down) };
}

/** How much of the smaller of two outlines lies in the other, from 0 to 1; the first counts as its hull. */
export function overlap(one, other) {
  const edges = hull(one);
  const common = edges.reduce((rest, point, i) => clip(rest, (each) => turn(point, edges[(i + 1) % edges.length], each)), other);
  return area(common) / (Math.min(area(edges), area(other)) || 1);
}

/** What a polygon encloses, in square pixels. */
export function area(polygon) {
  return Math.abs(polygon.reduce((sum, point, i) => sum + cross(point, polygon[(i + 1) % polygon.length]), 0)) / 2;
}

/** The part of a stretch between two bounds on one axis: two points, or none. */
function within(from, to, { low, high, axis }) {
  const at = (place) => {
    const share = (place - from[axis]) / (to[axis] - from[axis] || 1);
    return [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
  };
  const clamped = [from[axis], to[axis]].map((place) => Math.min(Math.max(place, low), high));
  const outside = clamped[0] === clamped[1] && from[axis] !== to[axis];
  if (outside) return [];
  return [from, to].map((point, i) => (clamped[i] === point[axis] ? point : at(clamped[i])));
}

function middle(polygon) {
  const { x, y, width, height } = bounds(polygon);
  return [[x, y + height / 2], [x + width, y + height / 2]];
}

/** The point at a share of an open line's length, and the way it goes there. */
function along(line, share) {
  const lengths = line.slice(1).map((point, i) => distance(line[i], point));
  let rest = share * lengths.reduce((sum, each) => sum + each, 0);
  let at = 0;
  while (at < lengths.length - 1 && rest > lengths[at]) rest -= lengths[at++];
  const [[x1, y1], [x2, y2]] = [line[at], line[at + 1]];
  const length = lengths[at] || 1;
  const direction = [(x2 - x1) / length, (y2 - y1) / length];
  return { point: [x1 + direction[0] * rest, y1 + direction[1] * rest], direction };
}

/** The part of a polygon where `inside` is positive (Sutherland and Hodgman). */
function clip(polygon, inside) {
  return polygon.flatMap((point, i) => {
    const next = polygon[(i + 1) % polygon.length];
    const [here, there] = [inside(point), inside(next)];
    const kept = here >= 0 ? [point] : [];
    if (here * there >= 0) return kept;
    const share = here / (here - there);
    return [...kept, [point[0] + share * (next[0] - point[0]), point[1] + share * (next[1] - point[1])]];
  });
}

/** The convex hull (Andrew's monotone chain). */
function hull(points) {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const chain = (each) => {
    const kept = [];
    for (const point of each) {
      while (kept.length > 1 && turn(kept.at(-2), kept.at(-1), point) <= 0) kept.pop();
      kept.push(point);
    }
    return kept.slice(0, -1);
  };
  return [...chain(sorted), ...chain(sorted.reverse())];
}

function cross([ax, ay], [bx, by]) {
  return ax * by - ay * bx;
}

function turn([ax, ay], [bx, by], [cx, cy]) {
  return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
}

function peucker(points, tolerance) {
  if (points.length < 3) return points;
  const [first, last] = [points[0], points.at(-1)];
  let [far, at] = [0, 0];
  points.forEach((point, i) => {
    const away = fromChord(point, first, last);
    if (away > far) [far, at] = [away, i];
  });
  if (far <= tolerance) return [first, last];
  return [...peucker(points.slice(0, at + 1), tolerance).slice(0, -1), ...peucker(points.slice(at), tolerance)];
}

function fromChord(point, first, last) {
  const length = distance(first, last);
  return length ? Math.abs(turn(first, last, point)) / length : distance(first, point);
}

function distance([x1, y1], [x2, y2]) {
  return Math.hypot(x2 - x1, y2 - y1);
}
