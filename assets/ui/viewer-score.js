// A score: piano roll with a playhead, voices to mute, our own synthesizer; its notation where it has pages of it.

import { fileUrl, h, t } from "./core.js";
import { parseAbc } from "./viewer-abc.js";
import { NotationView } from "./viewer-notation.js";
import { parseMidi } from "./viewer-midi.js";
import { parseMusicXml } from "./viewer-musicxml.js";
import { findPages } from "./viewer-pages.js";
import { drawRoll, findSpan, KEYS, nameOf, VOICES } from "./viewer-roll.js";
import { Synth } from "./viewer-synth.js";
import { followArrows, followWheel } from "./viewer-time.js";
import { button, checkbox, choice, clamp, fitCanvas, formatTime, slider, themeColour } from "./viewer-widgets.js";

const FIRST_VIEW = 24; // seconds seen at first

/** Build the view of a score. */
export function build(asset) {
  const canvas = h("canvas", {
    class: "s-v-canvas s-v-roll", tabindex: "0", role: "slider", "aria-label": t("Place in {title}", { title: asset.title }),
    "aria-valuemin": "0", "aria-valuemax": "0", "aria-valuenow": "0",
  });
  const hint = h("p", { class: "s-v-hint s-v-veil" }, t("Reading the score..."));
  const stage = h("div", { class: "s-v-stage" }, canvas, hint);
  const pages = findPages(asset);
  const sheet = pages.length ? new NotationView(asset, pages, (seconds) => view?.synth.seek(seconds)) : null;
  const content = h("div", { class: "s-v-mount" }, sheet ? sheet.element : stage);
  const modes = sheet ? choice(t("View"), [["sheet", t("Notation")], ["roll", t("Piano roll")]], "sheet", (mode) => content.replaceChildren(mode === "roll" ? stage : sheet.element)) : null;
  const root = h("div", { class: "s-v-kind" }, modes ? h("div", { class: "s-v-modes" }, modes) : null, content);
  let view = null;
  let isGone = false;
  load(asset).then((music) => {
    if (isGone) return;
    hint.remove();
    view = new ScoreView(canvas, music, (seconds) => sheet?.follow(seconds));
    root.append(view.bar, view.legend);
  }, () => { hint.textContent = t("The score could not be read here; download it instead."); });
  return {
    element: root,
    focus: () => (canvas.isConnected ? canvas : sheet.element).focus(),
    keys: { " ": () => { view?.toggle(); return Boolean(view); } },
    dispose: () => { isGone = true; view?.dispose(); },
  };
}

async function load(asset) {
  const response = await fetch(fileUrl(asset.id, asset.main), { credentials: "same-origin" });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const { suffix } = asset.files[asset.main];
  if (/midi?$/.test(suffix)) return parseMidi(bytes);
  return suffix.endsWith("abc") ? parseAbc(bytes) : parseMusicXml(bytes);
}

class ScoreView {
  constructor(canvas, music, follow) {
    this.canvas = canvas;
    this.follow = follow;
    this.music = music;
    this.synth = new Synth(music);
    this.length = Math.max(music.seconds, 0.1);
    this.seen = [0, Math.min(this.length * 1.02, FIRST_VIEW)];
    this.span = findSpan(music.notes);
    this.muted = new Set();
    this.painter = fitCanvas(canvas, (context, width, height) => this.#draw(context, width, height));
    this.bar = this.#buildBar();
    this.legend = this.#buildLegend();
    canvas.setAttribute("aria-valuemax", this.length.toFixed(2));
    this.synth.changed = () => this.#changed();
    this.#listen();
    this.#changed();
  }

  dispose() {
    cancelAnimationFrame(this.frame);
    this.synth.changed = () => {};
    this.painter.dispose();
    this.synth.dispose();
  }

  toggle() {
    if (this.synth.isPlaying) this.synth.pause();
    else this.synth.play();
  }

  #buildBar() {
    this.play = button(t("Play"), { glyph: "play", bare: true, title: t("Play or pause (Space)"), onclick: () => this.toggle() });
    this.time = h("output", { class: "s-v-figures s-v-wide", "aria-live": "off" });
    this.pointed = h("output", { class: "s-v-readout", "aria-live": "off" });
    return h(
      "div", { class: "s-v-tools" },
      button(t("To the start"), { glyph: "previous", bare: true, onclick: () => { this.synth.seek(0); this.#look(0, this.seen[1] - this.seen[0]); } }),
      this.play, this.time,
      slider(t("Speed"), { min: 0.25, max: 2, step: 0.05, value: 1, format: (v) => `${v.toFixed(2)} ×`, change: (v) => this.synth.setSpeed(v), compact: true }),
      slider(t("Volume"), { min: 0, max: 1, step: 0.01, value: 0.7, format: (v) => `${Math.round(v * 100)} %`, change: (v) => this.synth.setVolume(v), compact: true }),
      h("span", { class: "s-v-spring" }), this.pointed,
      button(t("Whole"), { glyph: "fit", bare: true, title: t("Show all of it"), onclick: () => this.#look(0, this.length * 1.02) }),
    );
  }

  #buildLegend() {
    const rows = this.music.voices.map((voice, place) => {
      const name = voice.name || (voice.drum ? t("Drums") : t("Voice {n}", { n: place + 1 }));
      const box = checkbox(name, true, (on) => {
        if (on) this.muted.delete(place);
        else this.muted.add(place);
        this.synth.mute(place, !on);
        this.painter.request();
      }, t("Hear this voice"));
      const mark = h("i", { class: "s-v-swatch" });
      mark.style.background = VOICES[place % VOICES.length];
      return h("div", { class: "s-v-voice" }, mark, box);
    });
    return h("div", { class: "s-v-legend", role: "group", "aria-label": t("Voices") }, rows, h("span", { class: "s-v-hint" }, t("{n} notes", { n: this.music.notes.length })));
  }

  #listen() {
    const { canvas } = this;
    const timeAt = (event) => {
      const frame = canvas.getBoundingClientRect();
      const share = (event.clientX - frame.left - KEYS) / (frame.width - KEYS);
      return clamp(this.seen[0] + share * (this.seen[1] - this.seen[0]), 0, this.length);
    };
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); this.synth.seek(timeAt(event)); });
    canvas.addEventListener("pointermove", (event) => {
      if (event.buttons) this.synth.seek(timeAt(event));
      this.#point(event, timeAt(event));
    });
    followWheel(canvas, { getSeen: () => this.seen, timeAt, look: (from, to) => this.#look(from, to), shortest: 0.5, longest: this.length * 1.02 });
    followArrows(canvas, { player: this.synth, length: this.length, step: 2, fine: 0.25 });
  }

  #point(event, seconds) {
    const frame = this.canvas.getBoundingClientRect();
    const [low, high] = this.span;
    const pitch = high - Math.floor((event.clientY - frame.top) / ((frame.height - 20) / (high - low + 1)));
    const note = this.music.notes.find((one) => one.pitch === pitch && seconds >= one.start && seconds < one.end);
    this.pointed.textContent = pitch < low ? "" : note ? t("{name}, {length} s, force {force}", { name: nameOf(pitch), length: (note.end - note.start).toFixed(2), force: Math.round(note.velocity * 127) }) : nameOf(pitch);
  }

  #look(from, to) {
    const span = Math.min(to - from, this.length * 1.02);
    const start = clamp(from, 0, Math.max(this.length * 1.02 - span, 0));
    this.seen = [start, start + span];
    this.painter.request();
  }

  #changed() {
    const { isPlaying, place } = this.synth;
    this.play.setAttribute("aria-pressed", String(isPlaying));
    this.time.textContent = `${formatTime(place)} / ${formatTime(this.length)}`;
    this.canvas.setAttribute("aria-valuenow", place.toFixed(2));
    this.canvas.setAttribute("aria-valuetext", formatTime(place));
    const [from, to] = this.seen;
    if (place < from || place > to - (to - from) * 0.08) this.#look(place - (to - from) * 0.08, place + (to - from) * 0.92);
    this.painter.request();
    this.follow(place);
    cancelAnimationFrame(this.frame);
    if (isPlaying) this.frame = requestAnimationFrame(() => this.#changed());
  }

  #draw(context, width, height) {
    const colour = (name, otherwise) => themeColour(this.canvas, name, otherwise);
    this.canvas.dataset.notes = String(drawRoll(context, width, height, {
      music: this.music, seen: this.seen, span: this.span, place: this.synth.place, muted: this.muted,
      colours: { text: colour("--v-text", "#eee"), muted: colour("--v-muted", "#999"), line: colour("--v-line", "#444"), black: "rgb(128 128 128 / 9%)" },
    }));
  }
}
