// Numbers as people read them. Shares are fractions everywhere else, and percent only here.

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const FULL_DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });
const MONTH = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric", timeZone: "UTC" });
const WHOLE = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const NONE = "–";

/** A count, with separators. */
export function count(value) {
  return WHOLE.format(value);
}

/** A count and the thing that is counted. */
export function counted(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A fraction as percent. */
export function percent(value) {
  return value == null ? NONE : `${(100 * value).toFixed(1)} %`;
}

/** The bounds of a rate, as percent. */
export function bounds(rate) {
  return rate.value == null ? NONE : `${(100 * rate.low).toFixed(1)}–${(100 * rate.high).toFixed(1)} %`;
}

/** A measure with one decimal where it is small. */
export function measure(value) {
  return value == null ? NONE : value < 100 ? value.toFixed(1) : count(value);
}

/** A span of time in its natural unit; it may be negative. */
export function span(seconds) {
  const size = Math.abs(seconds);
  const sign = seconds < 0 ? "−" : "";
  if (size < 90) return `${sign}${count(size)} s`;
  return size < 5400 ? `${sign}${count(size / 60)} min` : `${sign}${(size / 3600).toFixed(1)} h`;
}

/** The start of a period, short, for an axis. */
export function tick(start, unit) {
  return (unit === "month" ? MONTH : DAY).format(new Date(start));
}

/** A period in full. */
export function period(start, unit) {
  const day = new Date(start);
  if (unit === "month") return MONTH.format(day);
  return unit === "week" ? `week of ${FULL_DAY.format(day)}` : FULL_DAY.format(day);
}
