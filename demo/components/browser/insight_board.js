// The figures of an answer: key numbers first, then plots, each with its sentence and its numbers.

import { html } from "./dom.js";
import { figure } from "./figures.js";
import { bounds, count, counted, measure, percent, period, span, tick } from "./numbers.js";
import { barplot, legendMark, lineplot, MOST_SERIES, reliability } from "./plots.js";

const SPEED_SOURCE = "https://doi.org/10.1145/3173574.3174220";
const FEW_WORDS = 200; // fewer say little about calibration

/** Elements for an answer. `asked`: the person narrowed the question; `typed(speed)`: they changed the typing speed. */
export function board({ everybody, insight }, { asked, typed }) {
  if (insight.lines === 0) return [nothing(asked)];
  return [
    keyNumbers(insight, everybody, typed),
    html(
      "div",
      { class: "insight-figures" },
      errorsOverTime(insight),
      versions(insight),
      lines(insight),
      effort(insight, "seconds", "Seconds per line", "s"),
      effort(insight, "keystrokes", "Keystrokes per line", "keystrokes"),
      calibration(insight),
      changes(insight),
    ),
  ];
}

function nothing(asked) {
  return html(
    "div",
    { class: "insight-empty" },
    html("h2", {}, asked ? "No corrected line is like that" : "Nothing to count yet"),
    html(
      "p",
      {},
      asked
        ? "Choose a longer time or another version: nothing was submitted that fits all of these."
        : "Open a page in the Read tab, correct or confirm a few of its lines, and press Submit. " +
            "From then on this shows how well the models read, what people change most, and how much time it saves.",
    ),
  );
}

// ---- key numbers ----

function keyNumbers(insight, everybody, typed) {
  const { accuracy, verdicts } = insight;
  const others = insight.lines - (verdicts.text ?? 0);
  return html(
    "dl",
    { class: "key-numbers" },
    key("Lines corrected", count(insight.lines), [
      everybody && `by ${counted(insight.people, "person", "people")}`,
      others > 0 && `${count(others)} of them illegible or no text`,
    ]),
    key("Characters wrong (CER)", percent(accuracy.cer.value), [bounds(accuracy.cer), part(accuracy.cer, "characters")]),
    key("Lines changed", percent(accuracy.lines_changed.value), [part(accuracy.lines_changed, "lines")]),
    key("Words changed", percent(accuracy.words_changed.value), [part(accuracy.words_changed, "words")]),
    saving(insight.saving, typed),
  );
}

function key(name, value, details) {
  const notes = details.filter(Boolean).map((detail) => html("dd", { class: "key-note" }, detail));
  return html("div", {}, html("dt", {}, name), html("dd", { class: "key-value" }, value), ...notes);
}

function part(rate, what) {
  return rate.value != null && `${count(rate.part)} of ${count(rate.whole)} ${what}`;
}

function saving(saved, typed) {
  const speed = html("input", {
    type: "number",
    min: "0.1",
    max: "50",
    step: "0.1",
    value: saved.characters_per_second,
    "aria-label": "Characters a second, typing",
    change: ({ target }) => target.value !== "" && target.reportValidity() && typed(target.value),
  });
  const source = html("a", { href: SPEED_SOURCE, target: "_blank", rel: "noopener noreferrer" }, "4.3 by Dhakal et al. 2018");
  const took = `${span(saved.spent_seconds)} spent on ${counted(saved.lines, "line")}, typing them ${span(saved.typing_seconds)}`;
  return html(
    "div",
    { class: "key-saving" },
    html("dt", {}, "Saved against typing"),
    html("dd", { class: "key-value" }, saved.lines ? span(saved.saved_seconds) : "–"),
    html("dd", { class: "key-note" }, saved.lines ? took : "no line's time was measured"),
    html("dd", { class: "key-note" }, "if people type ", speed, " characters a second (", source, ")"),
  );
}

// ---- how well the models read ----

function errorsOverTime({ periods, versions, unit, accuracy }) {
  const told = versions.filter((version) => version.accuracy.cer.value != null);
  const drawn = told.slice(0, MOST_SERIES).map(({ model }) => ({ model, points: points(periods, unit, model) }));
  const left = told.length - drawn.length;
  if (!drawn.length) return null;
  return figure({
    title: "Characters wrong over time",
    summary:
      `${percent(accuracy.cer.value)} of the characters (${bounds(accuracy.cer)}) that the models had read ` +
      `were changed, in ${counted(accuracy.lines, "line")} that people corrected or confirmed.`,
    draw: (width) =>
      lineplot({
        series: drawn,
        labels: periods.map(({ start }) => tick(start, unit)),
        format: (share) => `${+(100 * share).toFixed(2)} %`,
        width,
        name: "CER of each model version over time; the numbers are in the table below",
      }),
    legend: html("ul", { class: "legend" }, ...drawn.map(({ model }, index) => html("li", {}, legendMark(index), model))),
    note:
      "The band is the 95 % interval. Lines that nobody submitted are missing; most of them were right, so the models are rather better than this." +
      (left > 0 ? ` ${counted(left, "older version")} only in the table.` : ""),
    table: {
      head: [capital(unit), "Version", "CER", "95 %", "Characters"],
      rows: periods.flatMap(({ start, versions: read }) =>
        read.map(({ model, cer }) => [period(start, unit), model, percent(cer.value), bounds(cer), count(cer.whole)]),
      ),
    },
    wide: true,
  });
}

function points(periods, unit, model) {
  return periods.flatMap(({ start, versions }, at) =>
    versions
      .filter((version) => version.model === model)
      .map(({ cer }) => ({
        at,
        value: cer.value,
        low: cer.low,
        high: cer.high,
        title: `${model}, ${period(start, unit)}: ${percent(cer.value)} (${bounds(cer)}) of ${counted(cer.whole, "character")}`,
      })),
  );
}

function versions({ versions: told }) {
  if (!told.length) return null;
  return figure({
    title: "Edit rate by model version",
    summary: "How much people changed of what each version had read; with the 95 % interval.",
    table: {
      head: ["Version", "Lines", "Characters wrong", "Lines changed", "Words changed"],
      rows: told.map(({ model, accuracy }) => [
        model,
        count(accuracy.lines),
        rated(accuracy.cer),
        rated(accuracy.lines_changed),
        rated(accuracy.words_changed),
      ]),
    },
    wide: true,
  });
}

function rated(rate) {
  if (rate.value == null) return "–";
  return html("span", {}, percent(rate.value), " ", html("small", {}, bounds(rate)));
}

// ---- the work ----

function lines({ periods, unit, lines: total }) {
  const busiest = periods.reduce((most, each) => (each.lines > most.lines ? each : most));
  return figure({
    title: `Lines corrected per ${unit}`,
    summary: `${counted(total, "line")} in all; most in one ${unit}: ${count(busiest.lines)} (${period(busiest.start, unit)}).`,
    draw: (width) =>
      barplot({
        bars: periods.map((each) => ({ value: each.lines, title: `${period(each.start, unit)}: ${counted(each.lines, "line")}` })),
        labels: periods.map(({ start }) => tick(start, unit)),
        format: count,
        width,
        name: `Lines corrected per ${unit}; the numbers are in the table below`,
      }),
    table: {
      head: [capital(unit), "Lines"],
      rows: periods.filter((each) => each.lines).map((each) => [period(each.start, unit), count(each.lines)]),
    },
    wide: true,
  });
}

function effort(insight, which, title, word) {
  const { periods, unit, [which]: mean } = insight;
  if (mean.value == null) return null;
  const measured = periods.map((each, at) => ({ ...each, at })).filter((each) => each[which].value != null);
  return figure({
    title,
    summary: `${measure(mean.value)} on average; measured in ${counted(mean.lines, "line")}.`,
    draw: (width) =>
      lineplot({
        series: [
          {
            points: measured.map((each) => ({
              at: each.at,
              value: each[which].value,
              title: `${period(each.start, unit)}: ${measure(each[which].value)} ${word} (${counted(each[which].lines, "line")})`,
            })),
          },
        ],
        labels: periods.map(({ start }) => tick(start, unit)),
        format: (value) => String(+value.toFixed(2)),
        width,
        name: `${title} over time; the numbers are in the table below`,
      }),
    table: {
      head: [capital(unit), title, "Lines"],
      rows: measured.map((each) => [period(each.start, unit), measure(each[which].value), count(each[which].lines)]),
    },
  });
}

// ---- what is changed, and whether it was to be expected ----

function calibration({ calibration: { words, error, bins } }) {
  const filled = bins.filter(({ kept }) => kept.whole > 0);
  if (!filled.length) return null;
  const few = words < FEW_WORDS ? ` That is few: ${count(FEW_WORDS)} say more.` : "";
  return figure({
    title: "Is its confidence to be trusted?",
    summary: `The share of words that people kept differs from the model's confidence by ${percent(error)} on average (expected calibration error, ${counted(words, "word")}).${few}`,
    draw: (width) =>
      reliability({
        points: filled.map(({ confidence, kept, low, high }) => ({
          confidence,
          kept: kept.value,
          low: kept.low,
          high: kept.high,
          words: kept.whole,
          title: `confidence ${percent(low)} to ${percent(high)}: ${part(kept, "words")} kept, ${percent(kept.value)}`,
        })),
        format: (share) => `${Math.round(100 * share)} %`,
        width,
        name: "Share of words kept against the model's confidence; the numbers are in the table below",
      }),
    note: "Across: how sure the model was of a word. Up: how many of those words people kept. On the dashed line it was exactly as sure as it was right; below, too sure.",
    table: {
      head: ["Confidence", "On average", "Kept", "Words"],
      rows: filled.map(({ low, high, confidence, kept }) => [
        `${Math.round(100 * low)}–${Math.round(100 * high)} %`,
        percent(confidence),
        percent(kept.value),
        count(kept.whole),
      ]),
    },
  });
}

function changes({ changes: told }) {
  return figure({
    title: "Words most often corrected",
    summary: told.length ? "What the model said, and what people made of it." : "Nobody has changed a word.",
    table: told.length > 0 && {
      head: ["Said", "Became", "Times"],
      rows: told.map(({ said, settled, count: times }) => [word(said, "nothing"), word(settled, "removed"), count(times)]),
    },
  });
}

function word(text, otherwise) {
  return text ? html("bdi", { class: "word" }, text) : html("em", {}, otherwise);
}

function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}
