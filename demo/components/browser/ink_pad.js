// The drawing pad: pen, finger or mouse on white paper. What is written stays until it has been read or cleared.

import { Ink, paint, toPng } from "./ink.js";
import { nameNow } from "./moments.js";

const RULED = "#c9d6ee";
const LINE_STEP_PX = 64;
const MOUSE_PRESSURE = 0.5; // what a mouse reports; a finger reports 0 or 1

/** Brings the component to life. */
export function mount({ element }) {
  const pad = new InkPad(element.querySelector("dialog"));
  document.addEventListener("inkloop:write", () => pad.open());
}

class InkPad {
  #ink = new Ink();
  #stroke = null;
  #pointer = null;
  #penSeen = false;
  #tool = "pen";
  #lined = true;

  constructor(dialog) {
    this.dialog = dialog;
    this.canvas = dialog.querySelector("canvas");
    this.hint = dialog.querySelector(".pad-hint");
    this.context = this.canvas.getContext("2d");
    for (const [name, act] of Object.entries(this.#acts)) this.#button(name).addEventListener("click", act);
    for (const tool of dialog.querySelectorAll("[data-tool]")) {
      tool.addEventListener("click", () => this.#choose(tool.dataset.tool));
    }
    dialog.querySelector(".sheet-close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#followPointers();
    new ResizeObserver(() => this.#fit()).observe(this.canvas);
  }

  open() {
    this.dialog.showModal();
    this.#fit();
  }

  #acts = {
    undo: () => this.#change(() => this.#ink.undo()),
    redo: () => this.#change(() => this.#ink.redo()),
    clear: () => this.#change(() => this.#ink.clear()),
    lines: () => this.#change(() => (this.#lined = !this.#lined)),
    read: () => this.#read(),
  };

  #button(name) {
    return this.dialog.querySelector(`[data-do="${name}"]`);
  }

  #choose(tool) {
    this.#tool = tool;
    for (const each of this.dialog.querySelectorAll("[data-tool]")) {
      each.setAttribute("aria-pressed", String(each.dataset.tool === tool));
    }
    this.canvas.dataset.tool = tool;
  }

  #key(event) {
    if (!(event.ctrlKey || event.metaKey)) return;
    const key = event.key.toLowerCase();
    const act = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : null;
    if (!act) return;
    event.preventDefault();
    this.#acts[act]();
  }

  #followPointers() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, (event) => this.#lift(event));
  }

  #press(event) {
    this.#penSeen ||= event.pointerType === "pen";
    const palm = this.#penSeen && event.pointerType === "touch";
    if (this.#pointer !== null || palm || event.button > 0) return;
    event.preventDefault();
    this.#pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    if (this.#tool === "eraser") this.#ink.rub(this.#point(event));
    else this.#stroke = [this.#point(event)];
    this.#draw();
  }

  #move(event) {
    if (event.pointerId !== this.#pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) {
      if (this.#tool === "eraser") this.#ink.rub(this.#point(each));
      else this.#stroke.push(this.#point(each));
    }
    this.#draw();
  }

  #lift(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    const stroke = this.#stroke;
    this.#stroke = null;
    this.#change(() => (stroke ? this.#ink.add(stroke) : this.#ink.settle()));
  }

  #point(event) {
    const box = this.canvas.getBoundingClientRect();
    const pressure = event.pointerType === "pen" ? event.pressure : MOUSE_PRESSURE;
    return [event.clientX - box.left, event.clientY - box.top, pressure];
  }

  #change(act) {
    act();
    this.#draw();
  }

  /** As many pixels as the screen has; the paper itself is white in the dark too. */
  #fit() {
    const { width, height } = this.canvas.getBoundingClientRect();
    if (!width) return;
    const scale = window.devicePixelRatio;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    this.#draw();
  }

  #draw() {
    const { context, canvas } = this;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, height);
    if (this.#lined) rule(context, width, height);
    paint(context, this.#stroke ? [...this.#ink.strokes, this.#stroke] : this.#ink.strokes);
    const empty = this.#ink.empty && !this.#stroke;
    this.hint.hidden = !empty;
    this.#button("lines").setAttribute("aria-pressed", String(this.#lined));
    this.#button("undo").disabled = !this.#ink.canUndo;
    this.#button("redo").disabled = !this.#ink.canRedo;
    for (const name of ["clear", "read"]) this.#button(name).disabled = empty;
  }

  async #read() {
    const paper = { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
    const png = await toPng(this.#ink.strokes, paper);
    const file = new File([png], nameNow("Written", "png"), { type: "image/png" });
    this.#ink = new Ink();
    this.dialog.close();
    document.dispatchEvent(new CustomEvent("inkloop:files", { detail: { files: [file] } }));
  }
}

function rule(context, width, height) {
  context.strokeStyle = RULED;
  context.lineWidth = 1;
  context.beginPath();
  for (let y = LINE_STEP_PX; y < height; y += LINE_STEP_PX) {
    context.moveTo(0, y + 0.5);
    context.lineTo(width, y + 0.5);
  }
  context.stroke();
}
