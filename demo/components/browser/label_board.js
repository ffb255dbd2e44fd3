// The state of the Label Studio loop as elements: the server, the stages, what waits and why, who labels how.

import { html } from "./dom.js";

const STAGES = [
  ["captured", "Captured", "lines that were read and kept"],
  ["queued", "Queued", "chosen for people, waiting here"],
  ["pushed", "Pushed", "open in Label Studio"],
  ["labelled", "Labelled", "answered there"],
  ["accepted", "Accepted", "ground truth, whoever typed it"],
  ["disagreed", "Disagreed", "people gave different answers"],
  ["quarantined", "Quarantined", "held until somebody looks"],
];
const STATES = {
  queued: "waits here",
  sending: "on its way",
  open: "open there",
  labelled: "answered",
  gone: "deleted there",
  withdrawn: "no longer needed",
  held: "held",
};

/** Who is reached, as whom, or why not. */
export function serverLine({ url, running }, server) {
  if (!url) return [html("strong", {}, "No Label Studio is set up")];
  const link = html("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, url);
  if (running) return [mark("busy"), html("span", {}, running === "push" ? "Pushing to " : "Pulling from ", link, " …")];
  if (!server || server.asked) return [mark("busy"), html("span", {}, "Asking ", link, " …")];
  if (!server.reached) return [mark("bad"), html("span", {}, link, " is not reached")];
  return [mark("good"), html("span", {}, "Label Studio ", server.version ?? "", " at ", link, ", as ", server.account)];
}

/**
 * Everything below the head. `begin()`: a person wants a new project where ours was deleted;
 * `decide(line, accept, why)`: an operator settles a held text; `send(page)`: a whole page is to be reviewed.
 */
export function board(answer, { begin, decide, send }) {
  const { report } = answer;
  return [
    answer.url ? null : setup(),
    goneProjects(report.projects, begin),
    stages(report, answer),
    troubles(report.runs),
    lines("The queue", queueNote(report, answer), report.queue),
    lines("Disagreed", "Both answers are kept; a third opinion is queued. Correct one of them there to settle it.", report.disagreed),
    lines("Quarantined", "None of these becomes ground truth as it is.", report.quarantined, answer.operator && decide),
    wholePages(report.pages, answer.url && answer.operator && send),
    annotators(report.annotators),
    runs(report.runs),
  ];
}

function mark(kind) {
  return html("span", { class: `labelling-mark labelling-${kind}`, "aria-hidden": "true" });
}

function setup() {
  return html(
    "div",
    { class: "labelling-setup" },
    html("p", {}, "Doubtful lines can go to Label Studio, where people review them; what they decide comes back by itself."),
    html(
      "p",
      {},
      html("code", {}, "make labelstudio"),
      " starts one on this machine and prints two variables, ",
      html("code", {}, "INKLOOP_LABEL_STUDIO_URL"),
      " and ",
      html("code", {}, "INKLOOP_LABEL_STUDIO_API_KEY"),
      ". Start Inkloop with them.",
    ),
  );
}

function goneProjects(projects, begin) {
  const gone = projects.filter((project) => project.gone);
  if (!gone.length) return null;
  return html(
    "div",
    { class: "labelling-trouble" },
    html("p", {}, `The project “${gone[0].name}” was deleted in Label Studio. What is not labelled yet waits here.`),
    html("button", { type: "button", click: begin }, "Begin a new project"),
  );
}

function stages({ stages: counts, projects }, { open_limit }) {
  const lineProject = projects.find((project) => !project.gone);
  const steps = STAGES.map(([key, name, note]) => {
    const there = lineProject && (key === "pushed" || key === "labelled");
    const title = there ? html("a", { href: lineProject.url, target: "_blank", rel: "noopener noreferrer" }, name) : name;
    const told = key === "pushed" ? `${note}, at most ${open_limit} at a time` : note;
    return html(
      "div",
      { class: `labelling-stage labelling-stage-${key}`, "data-stage": key },
      html("dt", {}, title),
      html("dd", { class: "labelling-count" }, String(counts[key] ?? 0)),
      html("dd", { class: "labelling-note" }, told),
    );
  });
  return html("dl", { class: "labelling-stages" }, ...steps);
}

function troubles(runs) {
  const [last] = runs;
  if (!last?.problems.length) return null;
  return html(
    "div",
    { class: "labelling-trouble" },
    html("h3", {}, `The last ${last.direction} needs somebody`),
    html("ul", {}, ...last.problems.map((problem) => html("li", {}, problem))),
  );
}

function queueNote({ queue }, { open_limit }) {
  if (!queue.length) return "Nothing waits for a person. A push chooses the lines that are worth one's time.";
  return `What people are asked, in this order: texts that are held first, then lines that teach the model most; at most ${open_limit} at a time are open in Label Studio.`;
}

function lines(title, note, rows, decide) {
  if (!rows.length && title !== "The queue") return null;
  const head = ["", "Line", "Text so far", "Why", "Where it is"].map((name) => html("th", { scope: "col" }, name));
  const body = rows.map((row, index) =>
    html(
      "tr",
      {},
      html("td", { class: "labelling-rank" }, String(index + 1)),
      html("td", {}, row.where),
      html("td", { class: "labelling-text" }, ...(decide && row.line_id ? held(row, decide) : [said(row)])),
      html("td", {}, row.reason),
      html("td", {}, place(row)),
    ),
  );
  return section(title, note, rows.length ? html("table", {}, html("thead", {}, html("tr", {}, ...head)), html("tbody", {}, ...body)) : null);
}

function said({ text }) {
  return html("span", { dir: "auto" }, text);
}

/** A held text below its image, and what an operator may do about it. */
function held(row, decide) {
  const image = html("img", { src: `api/v1/models/lines/${row.line_id}`, alt: `Image of: ${row.text}`, loading: "lazy" });
  return [image, said(row), decision(row, decide)];
}

function decision(row, decide) {
  const why = html("input", { type: "text", "aria-label": "Why", placeholder: "why", maxlength: 200, required: true });
  return html(
    "form",
    {
      class: "labelling-decision",
      submit: (event) => {
        event.preventDefault();
        decide(row, event.submitter?.name === "accept", why.value);
      },
    },
    why,
    html("button", { type: "submit", name: "accept" }, "Accept"),
    html("button", { type: "submit", name: "dismiss" }, "Dismiss"),
  );
}

function wholePages(pages, send) {
  if (!pages.length) return null;
  const waits = ["queued", "sending", "open"];
  const items = pages.map((page) =>
    html(
      "li",
      {},
      html("span", {}, page.where, html("span", { class: "labelling-note" }, ` ${page.lines} ${page.lines === 1 ? "line" : "lines"}`)),
      page.state ? html("span", {}, place(page)) : null,
      send && !waits.includes(page.state)
        ? html("button", { type: "button", "aria-label": `Send ${page.where}`, click: () => send(page) }, page.state ? "Send again" : "Send")
        : null,
    ),
  );
  const note = "Where boxes or the reading order are wrong, people can mend them in Label Studio; the next pull brings it back.";
  return html("details", { class: "labelling-pages" }, html("summary", {}, "Whole pages"), html("p", { class: "labelling-note" }, note), html("ul", {}, ...items));
}

function place({ url, state }) {
  const name = STATES[state] ?? state;
  return url ? html("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, name) : name;
}

function annotators(people) {
  if (!people.length) return null;
  const head = ["Who", "Answers", "Skipped", "Compared", "Agreement"].map((name) => html("th", { scope: "col" }, name));
  const body = people.map((person) =>
    html(
      "tr",
      {},
      html("td", {}, person.name),
      html("td", {}, String(person.labels)),
      html("td", {}, String(person.skipped)),
      html("td", {}, String(person.compared)),
      html("td", {}, person.agreement == null ? "–" : `${(100 * person.agreement).toFixed(1)} %`),
    ),
  );
  const note = "Agreement: 100 % minus the CER of their texts against other people's for the same lines.";
  return section("Who labels", note, html("table", {}, html("thead", {}, html("tr", {}, ...head)), html("tbody", {}, ...body)));
}

function runs(all) {
  if (!all.length) return null;
  const items = all.map(({ direction, at, done, problems }) => {
    const numbers = Object.entries(done).filter(([, number]) => number > 0).map(([name, number]) => `${number} ${name}`);
    const what = problems.length ? "broke off, or left something out" : numbers.join(", ") || "nothing new";
    return html("li", {}, html("time", { datetime: at }, new Date(at).toLocaleString()), ` ${direction}: ${what}`);
  });
  return html("details", { class: "labelling-runs" }, html("summary", {}, "Last pushes and pulls"), html("ul", {}, ...items));
}

function section(title, note, ...content) {
  return html("section", { class: "labelling-section" }, html("h3", {}, title), html("p", { class: "labelling-note" }, note), ...content.map(scrolled));
}

function scrolled(table) {
  return table && html("div", { class: "labelling-scroll", tabindex: "0", role: "group" }, table);
}
