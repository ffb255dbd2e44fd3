// Our own HTTP interface, the same that programs use. Whatever goes wrong becomes one sentence for a person.

/** A request that failed; the message says what is wrong and what to do, the status whose fault it was, if any. */
export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** The address of one of our paths, also where a proxy serves the whole application under a folder. */
export function address(path) {
  return new URL(path.replace(/^\//, ""), document.baseURI).href;
}

/** One of the person's own documents, with all its pages. */
export async function findDocument(id) {
  return (await ask(`api/v1/documents/${id}`)).json();
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
  const response = await ask("api/v1/corrections", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ corrections }),
  });
  return (await response.json()).corrections;
}

/** What the corrections say; what is empty in the question is not asked. */
export async function findInsight(question) {
  const asked = Object.entries(question).filter(([, value]) => value !== "");
  return (await ask(`api/v1/insights?${new URLSearchParams(asked)}`)).json();
}

/** Sends a file and yields its pages as they are read. */
export async function* readFile(file) {
  const body = new FormData();
  body.append("file", file, file.name);
  const response = await ask("api/v1/read", { method: "POST", headers: { Accept: "application/x-ndjson" }, body });
  for await (const row of rows(response.body)) {
    if (row.error) throw new Refused(row.error.message);
    yield row;
  }
}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(address(path), options);
  } catch {
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

async function* rows(stream) {
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
    if (error instanceof TypeError) throw new Refused("The connection broke while the pages were read. Send the file again.");
    throw error;
  }
}
