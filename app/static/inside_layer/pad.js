// A square to draw a digit on: white strokes on black, told as a small PNG after each stroke.

const SIDE = 112; // pixels of the canvas; the server lays the digit out as MNIST's are
const PEN = 9;

export class Pad {
  /** `tell` is called with a data URI; `root` is emptied and filled. */
  constructor(root, tell) {
    this.tell = () => tell(this.canvas.toDataURL("image/png"));
    root.innerHTML = `<canvas width="${SIDE}" height="${SIDE}" role="img"
        aria-label="Draw a digit here with mouse, pen or finger. By keyboard: upload a picture instead."></canvas>
      <div><button type="button" data-pad="undo">Undo</button><button type="button" data-pad="wipe">Wipe</button></div>`;
    this.canvas = root.querySelector("canvas");
    this.pen = this.canvas.getContext("2d", { willReadFrequently: true });
    Object.assign(this.pen, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: "#fff" });
    this.past = [];
    this.wipe();
    this.canvas.addEventListener("pointerdown", (event) => this.begin(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, () => this.end());
    root.querySelector("[data-pad=undo]").onclick = () => this.undo();
    root.querySelector("[data-pad=wipe]").onclick = () => {
      this.remember();
      this.wipe();
      this.tell();
    };
  }

  /** What a link brought is shown once; from then on the hand is the truth. */
  show(drawn) {
    if (!drawn || this.isTouched) return;
    this.isTouched = true;
    const image = new Image();
    image.onload = () => this.pen.drawImage(image, 0, 0, SIDE, SIDE);
    image.src = drawn;
  }

  place({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    return [((clientX - box.left) / box.width) * SIDE, ((clientY - box.top) / box.height) * SIDE];
  }

  begin(event) {
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.isTouched = true;
    this.remember();
    this.at = this.place(event);
    this.move(event);
  }

  move(event) {
    if (!this.at) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) this.line(each);
    this.line(event);
  }

  line(event) {
    const to = this.place(event);
    this.pen.beginPath();
    this.pen.moveTo(...this.at);
    this.pen.lineTo(...to);
    this.pen.stroke();
    this.at = to;
  }

  end() {
    if (!this.at) return;
    this.at = null;
    this.tell();
  }

  remember() {
    this.past.push(this.pen.getImageData(0, 0, SIDE, SIDE));
    if (this.past.length > 30) this.past.shift();
  }

  undo() {
    if (!this.past.length) return;
    this.pen.putImageData(this.past.pop(), 0, 0);
    this.tell();
  }

  wipe() {
    this.pen.fillStyle = "#000";
    this.pen.fillRect(0, 0, SIDE, SIDE);
  }
}
