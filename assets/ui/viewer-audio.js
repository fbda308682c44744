// A sound: waveform or spectrogram, cursor, exact loop, zoom in time.

import { fileUrl, h, t } from "./core.js";
import { heat } from "./viewer-colour.js";
import { SoundPlayer } from "./viewer-player.js";
import { buildSpectrum, findPeaks, toLevel } from "./viewer-sound.js";
import { followArrows, followWheel } from "./viewer-time.js";
import { button, clamp, fitCanvas, formatTime, slider, themeColour, toggle } from "./viewer-widgets.js";

const WINDOW = 2048;
const LOWEST = 40; // Hz, at the bottom of the spectrogram

/** Build the view of a sound. */
export function build(asset) {
  const canvas = h("canvas", {
    class: "s-v-canvas s-v-wave", tabindex: "0", role: "slider", "aria-label": t("Place in {title}", { title: asset.title }),
    "aria-valuemin": "0", "aria-valuemax": "0", "aria-valuenow": "0",
  });
  const hint = h("p", { class: "s-v-hint s-v-veil" }, t("Decoding the sound..."));
  const root = h("div", { class: "s-v-kind" }, h("div", { class: "s-v-stage" }, canvas, hint));
  const context = new AudioContext();
  let view = null;
  let isGone = false;
  decode(asset, context).then((buffer) => {
    if (isGone) return;
    hint.remove();
    view = new SoundView(canvas, new SoundPlayer(context, buffer));
    root.append(view.bar);
  }, () => { hint.textContent = t("This browser cannot decode the sound; download it instead."); });
  const isReady = (act) => () => { if (view) act(); return Boolean(view); };
  return {
    element: root,
    focus: () => canvas.focus(),
    keys: { " ": isReady(() => view.toggle()), l: isReady(() => view.loop.click()), s: isReady(() => view.spectrum.click()) },
    dispose: () => { isGone = true; view?.dispose(); context.close(); },
  };
}

async function decode(asset, context) {
  const response = await fetch(fileUrl(asset.id, asset.main), { credentials: "same-origin" });
  return context.decodeAudioData(await response.arrayBuffer());
}

class SoundView {
  constructor(canvas, player) {
    this.canvas = canvas;
    this.player = player;
    this.length = player.buffer.duration;
    this.highest = Math.min(player.buffer.sampleRate / 2, 16000);
    this.seen = [0, this.length];
    this.channels = Array.from({ length: Math.min(player.buffer.numberOfChannels, 2) }, (_, i) => player.buffer.getChannelData(i));
    this.painter = fitCanvas(canvas, (context, width, height) => this.#draw(context, width, height));
    this.bar = this.#buildBar();
    canvas.setAttribute("aria-valuemax", this.length.toFixed(2));
    player.changed = () => this.#changed();
    this.#listen();
    this.#changed();
  }

  dispose() {
    cancelAnimationFrame(this.frame);
    this.painter.dispose();
    this.player.dispose();
  }

  toggle() {
    if (this.player.isPlaying) this.player.pause();
    else this.player.play();
  }

  #buildBar() {
    this.play = button(t("Play"), { glyph: "play", bare: true, title: t("Play or pause (Space)"), onclick: () => this.toggle() });
    this.loop = toggle(t("Loop"), { glyph: "loop", title: t("Repeat the marked part, or everything (L)"), change: (on) => this.player.setLoop(on) });
    this.spectrum = toggle(t("Spectrogram"), { title: t("Show which tones it is made of (S)"), change: (on) => { this.isSpectrum = on; this.picture = null; this.painter.request(); } });
    this.time = h("output", { class: "s-v-figures s-v-wide", "aria-live": "off" });
    this.marked = h("output", { class: "s-v-readout", "aria-live": "off" });
    return h(
      "div", { class: "s-v-tools" },
      button(t("To the start"), { glyph: "previous", bare: true, onclick: () => this.player.seek(this.player.loop?.[0] ?? 0) }),
      this.play, this.time, this.loop, this.spectrum,
      slider(t("Volume"), { min: 0, max: 1, step: 0.01, value: 1, format: (v) => `${Math.round(v * 100)} %`, change: (v) => { this.player.gain.gain.value = v * v; }, compact: true }),
      h("span", { class: "s-v-spring" }), this.marked,
      button(t("Whole"), { glyph: "fit", bare: true, title: t("Show all of it and unmark"), onclick: () => { this.#mark(null); this.#look(0, this.length); } }),
    );
  }

  #listen() {
    const { canvas } = this;
    let start = null;
    const timeAt = (event) => {
      const frame = canvas.getBoundingClientRect();
      return clamp(this.seen[0] + ((event.clientX - frame.left) / frame.width) * (this.seen[1] - this.seen[0]), 0, this.length);
    };
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); start = timeAt(event); });
    canvas.addEventListener("pointermove", (event) => {
      if (start === null) return;
      const now = timeAt(event);
      const isWide = (Math.abs(now - start) / (this.seen[1] - this.seen[0])) * canvas.clientWidth > 4;
      if (isWide) { this.pending = [Math.min(start, now), Math.max(start, now)]; this.painter.request(); }
    });
    canvas.addEventListener("pointerup", (event) => {
      if (start === null) return;
      if (this.pending) { this.#mark(this.pending); this.player.seek(this.pending[0]); } else this.player.seek(timeAt(event));
      [start, this.pending] = [null, null];
    });
    followWheel(canvas, { getSeen: () => this.seen, timeAt, look: (from, to) => this.#look(from, to), shortest: 0.01, longest: this.length });
    followArrows(canvas, { player: this.player, length: this.length, step: 1, fine: 0.1 });
  }

  #look(from, to) {
    const span = Math.min(to - from, this.length);
    const start = clamp(from, 0, this.length - span);
    this.seen = [start, start + span];
    this.picture = null;
    this.painter.request();
  }

  #mark(span) {
    this.player.setLoop(span ? true : this.player.isLooping, span);
    this.loop.set(this.player.isLooping);
    this.marked.textContent = span ? t("Marked {from} to {to}, {length} s", { from: formatTime(span[0], 3), to: formatTime(span[1], 3), length: (span[1] - span[0]).toFixed(3) }) : "";
  }

  #changed() {
    const { isPlaying, place } = this.player;
    this.play.setAttribute("aria-pressed", String(isPlaying));
    this.time.textContent = `${formatTime(place)} / ${formatTime(this.length)}`;
    this.canvas.setAttribute("aria-valuenow", place.toFixed(2));
    this.canvas.setAttribute("aria-valuetext", formatTime(place));
    this.painter.request();
    cancelAnimationFrame(this.frame);
    if (isPlaying) this.frame = requestAnimationFrame(() => this.#changed());
  }

  #draw(context, width, height) {
    context.clearRect(0, 0, width, height);
    const [from, to] = this.seen;
    const xAt = (seconds) => ((seconds - from) / (to - from)) * width;
    const ratio = this.canvas.width / width;
    if (this.picture?.width !== this.canvas.width || this.picture?.height !== this.canvas.height) {
      this.picture = new OffscreenCanvas(this.canvas.width, this.canvas.height);
      const paint = this.picture.getContext("2d");
      if (this.isSpectrum) this.#paintSpectrum(paint);
      else this.#paintWave(paint, ratio);
    }
    const accent = themeColour(this.canvas, "--v-accent", "#6aa5ff");
    const span = this.pending ?? this.player.loop;
    if (span && !this.isSpectrum) shadeSpan(context, span.map(xAt), height, accent, 0.16);
    context.drawImage(this.picture, 0, 0, width, height);
    if (span && this.isSpectrum) shadeSpan(context, span.map(xAt), height, "#fff", 0.2);
    drawRuler(context, this.seen, width, height, this.isSpectrum ? "#ddd" : themeColour(this.canvas, "--v-muted", "#999"));
    if (this.isSpectrum) drawTones(context, height, this.highest);
    context.fillStyle = this.isSpectrum ? "#fff" : themeColour(this.canvas, "--v-text", "#eee");
    context.fillRect(Math.round(xAt(this.player.place)) - 0.5, 0, 1.5, height);
  }

  #paintWave(paint, ratio) {
    const { width, height } = paint.canvas;
    const rate = this.player.buffer.sampleRate;
    const lane = (height - 22 * ratio) / this.channels.length;
    paint.fillStyle = themeColour(this.canvas, "--v-accent", "#6aa5ff");
    this.channels.forEach((samples, number) => {
      const middle = lane * (number + 0.5);
      const peaks = findPeaks(samples, this.seen[0] * rate, this.seen[1] * rate, width);
      for (let x = 0; x < width; x += 1) {
        const [low, high] = [peaks[x * 2], peaks[x * 2 + 1]];
        const top = middle - high * lane * 0.47;
        paint.fillRect(x, top, 1, Math.max((high - low) * lane * 0.47, ratio));
      }
    });
  }

  #paintSpectrum(paint) {
    const { width, height } = paint.canvas;
    const rate = this.player.buffer.sampleRate;
    const measure = buildSpectrum(WINDOW);
    const columns = Math.min(width, 1000);
    const rows = Math.min(height, 320);
    const picture = new ImageData(columns, rows);
    const bins = Float32Array.from({ length: rows }, (_, row) => ((LOWEST * (this.highest / LOWEST) ** (1 - row / rows)) * WINDOW) / rate);
    for (let column = 0; column < columns; column += 1) {
      const middle = (this.seen[0] + ((column + 0.5) / columns) * (this.seen[1] - this.seen[0])) * rate;
      const tones = measure(this.channels[0], Math.round(middle - WINDOW / 2));
      for (let row = 0; row < rows; row += 1) {
        const bin = Math.floor(bins[row]);
        const between = bins[row] - bin;
        const tone = tones[bin] * (1 - between) + (tones[bin + 1] ?? 0) * between;
        picture.data.set([...heat(toLevel(tone)), 255], (row * columns + column) * 4);
      }
    }
    const small = new OffscreenCanvas(columns, rows);
    small.getContext("2d").putImageData(picture, 0, 0);
    paint.drawImage(small, 0, 0, width, height);
  }
}

function shadeSpan(context, [from, to], height, colour, alpha) {
  context.globalAlpha = alpha;
  context.fillStyle = colour;
  context.fillRect(from, 0, to - from, height);
  context.globalAlpha = 0.9;
  for (const x of [from, to]) context.fillRect(Math.round(x) - 0.5, 0, 1, height);
  context.globalAlpha = 1;
}

/** Names of tones along the left of a spectrogram. */
function drawTones(context, height, highest) {
  context.font = "11px system-ui, sans-serif";
  for (const tone of [100, 200, 500, 1000, 2000, 5000, 10000].filter((one) => one < highest)) {
    const y = height * (1 - Math.log(tone / LOWEST) / Math.log(highest / LOWEST));
    context.fillRect(0, y, 6, 1);
    context.fillText(tone < 1000 ? `${tone} Hz` : `${tone / 1000} kHz`, 9, y + 4);
  }
}

/** Marks of time along the bottom, as close as they can be read. */
export function drawRuler(context, [from, to], width, height, colour) {
  const step = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 600].find((one) => (one / (to - from)) * width > 64) ?? 1200;
  context.fillStyle = colour;
  context.font = "11px system-ui, sans-serif";
  for (let mark = Math.ceil(from / step) * step; mark < to; mark += step) {
    const x = ((mark - from) / (to - from)) * width;
    context.fillRect(x, height - 18, 1, 5);
    if (x < width - 40) context.fillText(formatTime(mark, step < 0.01 ? 3 : step < 1 ? 2 : 0), x + 4, height - 6);
  }
}
