// A picture on a canvas: zoom, pan, checkerboard, colour under the pointer, before/after, tiling.

import { h, t } from "./core.js";
import { toHex } from "./viewer-colour.js";
import { PanZoom } from "./viewer-pan.js";
import { button, clamp, fitCanvas } from "./viewer-widgets.js";

const CHECK = 8;

/** Load a picture; rejects with a text fit to be shown. */
export function loadPicture(url) {
  return new Promise((resolve, reject) => {
    const picture = new Image();
    picture.crossOrigin = "use-credentials";
    picture.decoding = "async";
    picture.onload = () => resolve(picture);
    picture.onerror = () => reject(new Error(t("The picture could not be loaded.")));
    picture.src = url;
  });
}

const sizeOf = (picture) => [picture.naturalWidth || picture.width, picture.naturalHeight || picture.height];

/**
 * The view: `show({picture, before, copies, shift, mode})` changes what is drawn.
 * `mode` is "picture", "compare", "difference" or "tiles".
 */
export class PictureView {
  constructor(label) {
    this.state = { picture: null, before: null, copies: 3, shift: false, mode: "picture", split: 0.5 };
    this.canvas = h("canvas", { class: "s-v-canvas", tabindex: "0", role: "img", "aria-label": label });
    this.zoom = new PanZoom(this.canvas, () => this.#changed());
    this.painter = fitCanvas(this.canvas, (context, width, height) => this.#draw(context, width, height));
    this.handle = this.#buildHandle();
    this.figures = h("output", { class: "s-v-figures", "aria-live": "off" });
    this.readout = h("output", { class: "s-v-readout", "aria-live": "off" });
    this.stage = h("div", { class: "s-v-stage" }, this.canvas, this.handle);
    this.bar = h(
      "div", { class: "s-v-tools" },
      button(t("Zoom out"), { glyph: "minus", bare: true, title: t("Zoom out (-)"), onclick: () => this.zoom.zoomBy(0.8) }),
      this.figures,
      button(t("Zoom in"), { glyph: "plus", bare: true, title: t("Zoom in (+)"), onclick: () => this.zoom.zoomBy(1.25) }),
      button(t("Fit"), { glyph: "fit", bare: true, title: t("Fit (F)"), onclick: () => this.zoom.fit() }),
      button("1:1", { title: t("One pixel of the picture on one of the screen (O)"), onclick: () => this.zoom.zoomTo(1) }),
      h("span", { class: "s-v-spring" }),
      this.readout,
    );
    this.element = h("div", { class: "s-v-picture" }, this.stage, this.bar);
    this.observer = new ResizeObserver(() => this.zoom.refit());
    this.observer.observe(this.canvas);
    this.canvas.addEventListener("pointermove", (event) => this.#read(event));
    this.canvas.addEventListener("pointerleave", () => this.readout.replaceChildren());
    this.probe = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  }

  show(change) {
    Object.assign(this.state, change);
    const { picture, mode, copies } = this.state;
    if (!picture) return;
    const many = mode === "tiles" ? copies : 1;
    this.zoom.resize(sizeOf(picture).map((side) => side * many));
    this.handle.hidden = mode !== "compare" || !this.state.before;
    this.#changed();
  }

  dispose() {
    this.painter.dispose();
    this.observer.disconnect();
  }

  #changed() {
    this.figures.textContent = `${Math.round(this.zoom.scale * 100)} %`;
    this.painter.request();
  }

  #buildHandle() {
    const handle = h(
      "div",
      {
        class: "s-v-handle", role: "slider", tabindex: "0", hidden: true, "aria-label": t("Before and after"),
        "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "50", "aria-orientation": "horizontal",
      },
      h("span", {}),
    );
    const place = (split) => {
      this.state.split = clamp(split, 0, 1);
      handle.style.left = `${this.state.split * 100}%`;
      handle.setAttribute("aria-valuenow", String(Math.round(this.state.split * 100)));
      this.painter?.request();
    };
    place(0.5);
    handle.addEventListener("pointerdown", (event) => { handle.setPointerCapture(event.pointerId); event.preventDefault(); handle.focus(); });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const frame = this.stage.getBoundingClientRect();
      place((event.clientX - frame.left) / frame.width);
    });
    handle.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 0.1 : 0.02;
      const to = {
        ArrowLeft: this.state.split - step, ArrowRight: this.state.split + step,
        ArrowDown: this.state.split - step, ArrowUp: this.state.split + step, Home: 0, End: 1,
      }[event.key];
      if (to === undefined) return;
      place(to);
      event.preventDefault();
      event.stopPropagation();
    });
    return handle;
  }

  #draw(context, width, height) {
    context.clearRect(0, 0, width, height);
    const { picture, before, mode, copies, shift, split } = this.state;
    if (!picture) return;
    const { scale, x, y, size } = this.zoom;
    const box = [x, y, size[0] * scale, size[1] * scale];
    this.#drawChecks(context, box, width, height);
    const many = mode === "tiles" ? copies : 1;
    const pixel = scale * (sizeOf(picture)[0] * many === size[0] ? 1 : size[0] / sizeOf(picture)[0] / many);
    context.imageSmoothingEnabled = pixel < 2;
    context.imageSmoothingQuality = "high";
    if (mode === "tiles") drawTiles(context, picture, box, copies, shift);
    else context.drawImage(picture, ...box);
    if (!before) return;
    if (mode === "difference") this.#drawDifference(context, before, box);
    if (mode === "compare") {
      context.save();
      context.beginPath();
      context.rect(0, 0, width * split, height);
      context.clip();
      this.#drawChecks(context, box, width, height);
      // The older picture keeps its own pixels: a smaller one shows how large they are.
      context.imageSmoothingEnabled = (box[2] / sizeOf(before)[0]) < 3;
      context.drawImage(before, ...box);
      context.restore();
    }
  }

  #drawDifference(context, before, box) {
    context.save();
    context.globalCompositeOperation = "difference";
    context.drawImage(before, ...box);
    context.globalCompositeOperation = "color-dodge"; // brightens what is left about four times
    context.fillStyle = "rgb(190 190 190)";
    context.fillRect(...box);
    context.restore();
  }

  #drawChecks(context, [x, y, w, d], width, height) {
    const left = Math.max(0, x);
    const top = Math.max(0, y);
    const right = Math.min(width, x + w);
    const bottom = Math.min(height, y + d);
    if (right <= left || bottom <= top) return;
    this.checks ??= buildChecks(context);
    context.fillStyle = this.checks;
    context.fillRect(left, top, right - left, bottom - top);
  }

  #read(event) {
    const { picture, mode } = this.state;
    if (!picture) return;
    const frame = this.canvas.getBoundingClientRect();
    const [width, height] = sizeOf(picture);
    let [px, py] = this.zoom.toPicture([event.clientX - frame.left, event.clientY - frame.top]);
    if (px < 0 || py < 0 || px >= this.zoom.size[0] || py >= this.zoom.size[1]) {
      this.readout.replaceChildren();
      return;
    }
    if (mode === "tiles") {
      const half = this.state.shift ? 0.5 : 0;
      px = (px + half * width) % width;
      py = (py + half * height) % height;
    }
    const [column, row] = [Math.floor(px), Math.floor(py)];
    this.probe.clearRect(0, 0, 1, 1);
    this.probe.drawImage(picture, column, row, 1, 1, 0, 0, 1, 1);
    const colour = [...this.probe.getImageData(0, 0, 1, 1).data];
    const swatch = h("i", { class: "s-v-swatch" });
    swatch.style.background = toHex(colour);
    this.readout.replaceChildren(swatch, `${column}, ${row}  ${toHex(colour)}`);
  }
}

/** A pattern that shows where a picture is clear. */
export function buildChecks(context) {
  const tile = new OffscreenCanvas(CHECK * 2, CHECK * 2);
  const paint = tile.getContext("2d");
  paint.fillStyle = "#8d8f94";
  paint.fillRect(0, 0, CHECK * 2, CHECK * 2);
  paint.fillStyle = "#75777c";
  paint.fillRect(0, 0, CHECK, CHECK);
  paint.fillRect(CHECK, CHECK, CHECK, CHECK);
  return context.createPattern(tile, "repeat");
}

/** Fill `box` with copies x copies tiles; a pattern, for single tiles would show seams of the drawing itself. */
function drawTiles(context, picture, [x, y, w, d], copies, shift) {
  const [width, height] = sizeOf(picture);
  const half = shift ? 0.5 : 0;
  const [sx, sy] = [w / copies / width, d / copies / height];
  const pattern = context.createPattern(picture, "repeat");
  pattern.setTransform(new DOMMatrix([sx, 0, 0, sy, x - half * width * sx, y - half * height * sy]));
  context.fillStyle = pattern;
  context.fillRect(x, y, w, d);
}
