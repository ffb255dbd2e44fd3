// Our own HTTP interface, the same that programs use. Whatever goes wrong becomes one sentence for a person.

/** A request that failed; the message says what is wrong and what to do. `status` is 0 where nobody answered. */
export class Refused extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }

  /** Whether the same request may succeed later: nobody answered, the server was not ready, or a login has ended. */
  get passing() {
    return this.status === 0 || this.status >= 500 || this.status === 429 || this.status === 401;
  }
}

/** A request that the person no longer wanted. */
export class Cancelled extends Error {}

/** The address of one of our paths, also where a proxy serves the whole application under a folder. */
export function address(path) {
  return new URL(path.replace(/^\//, ""), document.baseURI).href;
}

/** One of the person's own documents, with all its pages. */
export async function findDocument(id) {
  return (await ask(`api/v1/documents/${id}`)).json();
}

/** The person's documents, newest first; those whose name or text holds the query and that are in the state. */
export async function findDocuments({ query = "", state = "" } = {}) {
  const wanted = Object.entries({ query, state }).filter(([, value]) => value);
  const response = await ask(`api/v1/documents?${new URLSearchParams(wanted)}`);
  return (await response.json()).documents;
}

/** Says what one of the person's own documents is called, whose hand it is and what it belongs to. */
export async function describeDocument(id, details) {
  return send("PATCH", `api/v1/documents/${id}`, details);
}

/** Deletes one of the person's own documents. */
export async function deleteDocument(id) {
  await ask(`api/v1/documents/${id}`, { method: "DELETE" });
}

/** A file of ours, as if the person had chosen it. */
export async function findFile(path, name) {
  return new File([await (await ask(path)).blob()], name);
}

/** Fetches a path of ours and saves it as a file; gives the file's name. */
export async function saveFile(path) {
  const response = await ask(path);
  const [, name] = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get("Content-Disposition"));
  const link = Object.assign(document.createElement("a"), {
    download: decodeURIComponent(name),
    href: URL.createObjectURL(await response.blob()),
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser may still be reading
  return link.download;
}

/** Stores corrections; gives the stored rows. */
export async function keepCorrections(corrections) {
  return (await send("POST", "api/v1/corrections", { corrections })).corrections;
}

/** Keeps what is not submitted yet; `leaving`: the page is going away and nobody waits for the answer. */
export async function keepDrafts(drafts, { leaving = false } = {}) {
  return send("PUT", "api/v1/drafts", { drafts }, { keepalive: leaving });
}

/** Puts new lines, which are read, in place of others; gives the page as it is then. */
export async function changeLines(page, { replaces, lines, position = null }) {
  return send("POST", `api/v1/pages/${page}/lines`, { replaces, lines, position });
}

/** Brings retired lines back and retires others; gives the page as it is then. */
export async function restoreLines(page, { restore, retire }) {
  return send("POST", `api/v1/pages/${page}/undo`, { restore, retire });
}

/** Puts a page's lines into another reading order; gives the page as it is then. */
export async function orderLines(page, lines) {
  return send("PUT", `api/v1/pages/${page}/order`, { lines });
}

/** Lets the serving model read a document again; gives the document with what it says now. */
export async function readAgain(document) {
  return send("POST", `api/v1/documents/${document}/read-again`, {});
}

/** What the corrections say; what is empty in the question is not asked. */
export async function findInsight(question) {
  const asked = Object.entries(question).filter(([, value]) => value !== "");
  return (await ask(`api/v1/insights?${new URLSearchParams(asked)}`)).json();
}

/** How far lines have come on their way through Label Studio. */
export async function findLabelling() {
  return (await ask("api/v1/label-studio")).json();
}

/** Whether the Label Studio server is reached, and as whom. */
export async function findLabelServer() {
  return (await ask("api/v1/label-studio/server")).json();
}

/** Begins a push (of whole pages: `pages`) or a pull; gives what `findLabelling` gives. */
export function startLabelling(direction, options = {}) {
  return postLabelling(direction, options);
}

/** Accepts or dismisses a held text; gives what `findLabelling` gives. */
export function settleHeld(line, decision) {
  return postLabelling(`held/${line}`, decision);
}

async function postLabelling(path, body) {
  const response = await ask(`api/v1/label-studio/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return response.json();
}

/** The state of the wheel: what serves, the lineage, the runs. */
export async function findModels() {
  return (await ask("api/v1/models")).json();
}

/** Starts or stops a turn, promotes, rolls back; gives the state after it. */
export async function actOnModels(path, body) {
  return send("POST", `api/v1/models/${path}`, body);
}

/** Sends a file, with who wrote it and what it belongs to where that is known, and yields its pages as they are read. */
export async function* readFile(file, { writer, collection, signal } = {}) {
  const body = new FormData();
  body.append("file", file, file.name);
  if (writer) body.append("writer", writer);
  if (collection) body.append("collection", collection);
  const response = await ask("api/v1/read", { method: "POST", headers: { Accept: "application/x-ndjson" }, body, signal });
  for await (const row of rows(response.body, signal)) {
    if (row.error) throw new Refused(row.error.message);
    yield row;
  }
}

async function send(method, path, body, options = {}) {
  const headers = { "Content-Type": "application/json" };
  return (await ask(path, { method, headers, body: JSON.stringify(body), ...options })).json();
}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(address(path), options);
  } catch {
    if (options.signal?.aborted) throw new Cancelled();
    throw new Refused("Inkloop does not answer. Your text is still here: check that it is running, then try again.");
  }
  if (!response.ok) throw new Refused(await sentence(response), response.status);
  return response;
}

async function sentence(response) {
  try {
    return (await response.json()).error.message;
  } catch {
    return `Inkloop answered ${response.status}. Try again; if it happens again, look at the server's log.`;
  }
}

async function* rows(stream, signal) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) if (line) yield JSON.parse(line);
    }
  } catch (error) {
    if (signal?.aborted) throw new Cancelled();
    if (error instanceof TypeError) throw new Refused("The connection broke while the pages were read. Send the file again.");
    throw error;
  }
}
