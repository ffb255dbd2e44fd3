// Reading a document again with a newer model: what people typed stays, and stands beside the new reading.

import { readAgain } from "./api.js";
import { count } from "./bar.js";
import { RIVALS } from "./line_work.js";

/** The command; `desk` is the editor. */
export class Rereading {
  constructor(desk) {
    this.desk = desk;
  }

  async run() {
    const { desk } = this;
    const { work } = desk;
    desk.bar.busy(desk.bar.again, "Reading again…");
    try {
      await desk.attempt(async () => {
        const { pages } = await readAgain(work.id);
        for (const page of pages) work.receive(page, "person");
        this.#tell(work);
      });
    } finally {
      desk.bar.busy(desk.bar.again, null);
      desk.bar.show(desk.work, desk.page);
    }
  }

  #tell(work) {
    const differing = work.lines.filter((line) => line.rival?.kind === RIVALS.reading);
    if (differing.length === 0) {
      this.desk.say("Read again. Nothing that you typed is read otherwise.", "done");
      return;
    }
    this.desk.go(differing[0]);
    this.desk.say(`Read again: ${count(differing.length, "line")} of yours read otherwise. Compare, and choose.`, "offer");
  }
}
