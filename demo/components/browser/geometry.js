// Where a line lies on its page, and how to cut it out level.

/** The box around points: {x, y, width, height}. */
export function bounds(points) {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const x = Math.min(...xs);
  const y = Math.min(...ys);
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** The line's slope in degrees: along its baseline, or 0 where it has none. */
function slope(line) {
  const points = line.baseline;
  if (!points || points.length < 2) return 0;
  const [[x1, y1], [x2, y2]] = [points[0], points[points.length - 1]];
  return (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI;
}

/**
 * The window through which a line is seen level on its page image.
 * `turn` is an SVG transform for the image; `box` the viewBox after it, with a little air around the writing and more
 * below it, where letters hang; `air` the width of that around the polygon, which is still the line's.
 */
export function cut(line) {
  const around = bounds(line.polygon);
  const centre = [around.x + around.width / 2, around.y + around.height / 2];
  const degrees = slope(line);
  const level = bounds(line.polygon.map((point) => rotate(point, centre, -degrees)));
  const air = Math.max(4, 0.12 * level.height);
  const below = 2 * air;
  return {
    turn: `rotate(${-degrees} ${centre[0]} ${centre[1]})`,
    box: { x: level.x - air, y: level.y - air, width: level.width + 2 * air, height: level.height + air + below },
    air,
  };
}

function rotate([x, y], [cx, cy], degrees) {
  const angle = (degrees * Math.PI) / 180;
  const [dx, dy] = [x - cx, y - cy];
  return [cx + dx * Math.cos(angle) - dy * Math.sin(angle), cy + dx * Math.sin(angle) + dy * Math.cos(angle)];
}
