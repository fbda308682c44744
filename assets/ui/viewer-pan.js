// Pan and zoom of a picture on a canvas: wheel, drag, pinch and keys. Knows no pixels, only a frame.

import { clamp } from "./viewer-widgets.js";

const MOST = 64;

/**
 * Where a picture of `size` lies on its canvas: `scale` (CSS pixels a picture pixel) and corner `x`, `y`.
 * `changed()` is called after every move. Moves are heard on `canvas`, which must be focusable.
 */
export class PanZoom {
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.size = [1, 1];
    this.isFitted = true;
    Object.assign(this, { scale: 1, x: 0, y: 0 });
    this.pointers = new Map();
    canvas.addEventListener("wheel", (event) => this.#roll(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#drag(event));
    for (const type of ["pointerup", "pointercancel"]) canvas.addEventListener(type, (event) => this.#lift(event));
    canvas.addEventListener("dblclick", (event) => (this.isFitted ? this.zoomTo(1, this.#place(event)) : this.fit()));
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  get box() {
    return [this.canvas.clientWidth || 1, this.canvas.clientHeight || 1];
  }

  get fittingScale() {
    const [width, height] = this.box;
    const scale = Math.min((width - 24) / this.size[0], (height - 24) / this.size[1]);
    // Small pictures are magnified by whole numbers, so that all their pixels are of one size.
    return scale > 2 ? Math.floor(scale) : Math.max(scale, 1e-3);
  }

  resize(size) {
    const before = this.size;
    this.size = size;
    if (this.isFitted || before[0] * size[1] !== before[1] * size[0]) this.fit();
    else {
      this.scale *= before[0] / size[0];
      this.changed();
    }
  }

  fit() {
    this.isFitted = true;
    this.#center(this.fittingScale);
  }

  /** Called when the canvas got another size. */
  refit() {
    if (this.isFitted) this.fit();
    else this.#hold();
  }

  zoomTo(scale, [px, py] = this.box.map((side) => side / 2)) {
    const now = clamp(scale, Math.min(0.02, this.fittingScale), MOST);
    this.x = px - ((px - this.x) * now) / this.scale;
    this.y = py - ((py - this.y) * now) / this.scale;
    this.scale = now;
    this.isFitted = false;
    this.#hold();
  }

  zoomBy(factor, at) {
    this.zoomTo(this.scale * factor, at);
  }

  move(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.isFitted = false;
    this.#hold();
  }

  /** Picture coordinates under a point of the canvas, in pixels. */
  toPicture([px, py]) {
    return [(px - this.x) / this.scale, (py - this.y) / this.scale];
  }

  #center(scale) {
    this.scale = scale;
    [this.x, this.y] = this.box.map((side, axis) => Math.round((side - this.size[axis] * scale) / 2));
    this.changed();
  }

  /** Keep a part of the picture on the canvas. */
  #hold() {
    const [width, height] = this.box;
    this.x = clamp(this.x, 48 - this.size[0] * this.scale, width - 48);
    this.y = clamp(this.y, 48 - this.size[1] * this.scale, height - 48);
    this.changed();
  }

  #place(event) {
    const frame = this.canvas.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  }

  #roll(event) {
    event.preventDefault();
    const step = event.deltaMode === 1 ? event.deltaY * 20 : event.deltaY;
    this.zoomBy(Math.exp(-clamp(step, -240, 240) / (event.ctrlKey ? 120 : 360)), this.#place(event));
  }

  #press(event) {
    if (event.button > 1) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.#place(event));
    this.canvas.classList.add("s-v-grabbed");
  }

  #drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = this.#place(event);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, now);
    if (!other) {
      this.move(now[0] - before[0], now[1] - before[1]);
      return;
    }
    const far = Math.hypot(now[0] - other[0], now[1] - other[1]);
    const was = Math.max(Math.hypot(before[0] - other[0], before[1] - other[1]), 1);
    this.zoomBy(far / was, [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]);
  }

  #lift(event) {
    this.pointers.delete(event.pointerId);
    if (!this.pointers.size) this.canvas.classList.remove("s-v-grabbed");
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? 200 : 50;
    const act = {
      "+": () => this.zoomBy(1.25), "=": () => this.zoomBy(1.25), "-": () => this.zoomBy(0.8),
      f: () => this.fit(), o: () => this.zoomTo(1),
      ArrowLeft: () => this.move(step, 0), ArrowRight: () => this.move(-step, 0),
      ArrowUp: () => this.move(0, step), ArrowDown: () => this.move(0, -step),
    }[event.key];
    if (!act) return;
    act();
    event.preventDefault();
    event.stopPropagation();
  }
}
