// Takes a picture with the camera: live preview, still, once more or read. The camera is off whenever this is closed.

import { fill, html } from "./dom.js";
import { nameNow } from "./moments.js";

const WANTED = { video: { facingMode: "environment", width: { ideal: 3840 }, height: { ideal: 2160 } }, audio: false };
const QUALITY = 0.92;
const REASONS = {
  NotAllowedError: "The browser does not let this page use the camera. Allow it beside the address, then try again.",
  NotFoundError: "No camera was found. Connect one, or take the photo with your phone and choose the file.",
  NotReadableError: "The camera is in use by another program. Close that one, then try again.",
};
const INSECURE =
  "Browsers give the camera to pages on this machine or over https alone. Take the photo with your phone and choose the file.";

/** Opens the camera; `give` gets the file of the picture that the person wants read. */
export function openCamera(give) {
  new Camera(give).open();
}

class Camera {
  #stream = null;
  #still = null;

  constructor(give) {
    this.give = give;
    this.video = html("video", { playsinline: true, "aria-label": "Camera preview" });
    this.video.muted = true;
    this.canvas = html("canvas", { role: "img", "aria-label": "The picture", hidden: true });
    this.told = html("p", { class: "camera-told", role: "status" }, "Starting the camera…");
    this.take = button("Take picture", "main", () => this.#take());
    this.again = button("Take again", "", () => this.#live());
    this.read = button("Read this", "main", () => this.#read());
    this.retry = button("Try again", "main", () => this.#start());
    const close = html("button", { type: "button", class: "sheet-close", "aria-label": "Close", click: () => this.dialog.close() }, "×");
    this.dialog = html(
      "dialog",
      { class: "sheet camera", "aria-label": "Take a picture", close: () => this.#end() },
      html("header", {}, html("h2", {}, "Take a picture"), close),
      html("div", { class: "camera-frame" }, this.video, this.canvas, this.told),
      html("footer", {}, html("p", {}, "Straight from above, sharp, in even light."), this.again, this.take, this.read, this.retry),
    );
  }

  open() {
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.#start();
  }

  async #start() {
    this.#show({});
    this.#tell("Starting the camera…");
    if (!navigator.mediaDevices?.getUserMedia) return this.#fail(INSECURE);
    try {
      const stream = await navigator.mediaDevices.getUserMedia(WANTED);
      if (!this.dialog.open) return stop(stream); // closed while the browser asked
      this.#stream = stream;
      this.video.srcObject = stream;
      await this.video.play();
      this.#live();
    } catch (error) {
      this.#fail(REASONS[error.name] ?? `The camera does not start: ${error.message}.`);
    }
  }

  #live() {
    this.#still = null;
    this.#tell("");
    this.#show({ video: true, take: true });
    this.take.focus();
  }

  #take() {
    const { videoWidth: width, videoHeight: height } = this.video;
    Object.assign(this.canvas, { width, height });
    this.canvas.getContext("2d").drawImage(this.video, 0, 0);
    this.#still = new Promise((resolve) => this.canvas.toBlob(resolve, "image/jpeg", QUALITY));
    this.#show({ canvas: true, again: true, read: true });
    this.read.focus();
  }

  async #read() {
    const file = new File([await this.#still], nameNow("Photo", "jpg"), { type: "image/jpeg" });
    this.dialog.close();
    this.give(file);
  }

  #fail(sentence) {
    this.#tell(sentence);
    this.#show({ retry: sentence !== INSECURE });
  }

  #tell(sentence) {
    fill(this.told, sentence);
    this.told.hidden = sentence === "";
  }

  #show(shown) {
    for (const part of ["video", "canvas", "take", "again", "read", "retry"]) this[part].hidden = !shown[part];
  }

  #end() {
    stop(this.#stream);
    this.dialog.remove();
  }
}

function stop(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

function button(text, kind, click) {
  return html("button", { type: "button", class: kind, click, hidden: true }, text);
}
