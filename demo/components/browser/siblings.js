// The other tabs of the same browser: what is typed, submitted or redrawn in one shows in the others at once.

const NAME = "inkloop";

/** Tells other tabs and hears them: messages are {document, look | kept | page}. */
export class Siblings {
  #channel = new BroadcastChannel(NAME);

  constructor(hear) {
    this.#channel.addEventListener("message", ({ data }) => hear(data));
  }

  tell(message) {
    this.#channel.postMessage(message);
  }
}
