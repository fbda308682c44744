// Frames one after another: sprite sheets, flipbooks and animated pictures, with onion skin and ping-pong.

import { fileUrl, h, t } from "./core.js";
import { cutGrid, cutJson, findSheet, frameAt, MOST_FRAMES } from "./viewer-frames.js";
import { buildChecks, loadPicture } from "./viewer-picture.js";
import { button, checkbox, choice, fitCanvas, slider } from "./viewer-widgets.js";

/** Build a player of the frames of an image. */
export function buildFlipbook(asset) {
  const sheet = findSheet(asset) ?? { columns: 1, rows: 1, count: 1, fps: 12 };
  const state = { frames: [], step: 0, isPlaying: !matchMedia("(prefers-reduced-motion: reduce)").matches, isPingPong: false, hasOnion: false, fps: sheet.fps, scale: 0, due: 0, timer: 0 };
  const canvas = h("canvas", { class: "s-v-canvas", role: "img", "aria-label": t("Frames of {title}", { title: asset.title }) });
  const painter = fitCanvas(canvas, (context, width, height) => draw(context, width, height, state));
  const place = slider(t("Frame"), { min: 1, max: 1, value: 1, format: (n) => `${n} / ${state.frames.length}`, change: (n) => { pause(); state.step = n - 1; painter.request(); } });
  const play = button(t("Play"), { glyph: "play", bare: true, title: t("Play or pause (Space)"), onclick: () => (state.isPlaying ? pause() : start()) });

  const tick = (now) => {
    state.timer = state.isPlaying ? requestAnimationFrame(tick) : 0;
    if (!canvas.isConnected || now < state.due || !state.frames.length) return;
    const seconds = state.frames[frameAt(state.step, state.frames.length, state.isPingPong)].seconds || 1 / state.fps;
    state.due = Math.max(state.due + seconds * 1000, now);
    step(1);
  };
  const start = () => { state.isPlaying = true; play.setAttribute("aria-pressed", "true"); state.timer ||= requestAnimationFrame(tick); };
  const pause = () => { state.isPlaying = false; play.setAttribute("aria-pressed", "false"); };
  const step = (by) => {
    state.step += by;
    place.set(frameAt(state.step, state.frames.length, state.isPingPong) + 1);
    painter.request();
  };
  const take = (frames) => {
    state.frames = frames;
    place.querySelector("input").max = String(Math.max(frames.length, 1));
    step(0);
    if (state.isPlaying) start();
  };

  let picture = null;
  const grid = { columns: sheet.columns, rows: sheet.rows, count: sheet.count };
  const cut = () => take(cutGrid([picture.naturalWidth, picture.naturalHeight], grid).map((box) => ({ ...box, picture })));
  const field = (label, key) => h("label", { class: "s-v-number" }, h("span", {}, label), h("input", {
    type: "number", min: "1", max: "64", value: String(grid[key]),
    onchange: (event) => { grid[key] = Math.max(1, Number(event.target.value) || 1); grid.count = grid.columns * grid.rows; if (picture) cut(); },
  }));
  const hint = h("p", { class: "s-v-hint", hidden: true });
  load(asset, sheet).then((found) => {
    picture = found.picture;
    if (found.frames) take(found.frames);
    else cut();
  }, (error) => { hint.hidden = false; hint.textContent = error.message; });

  const bar = h(
    "div", { class: "s-v-tools" },
    button(t("Frame back"), { glyph: "back", bare: true, title: t("Frame back (,)"), onclick: () => { pause(); step(-1); } }),
    play,
    button(t("Frame on"), { glyph: "forward", bare: true, title: t("Frame on (.)"), onclick: () => { pause(); step(1); } }),
    place,
    slider(t("Frame rate"), { min: 1, max: 60, value: state.fps, format: (n) => t("{n} a second", { n }), change: (fps) => { state.fps = fps; for (const frame of state.frames) frame.seconds = 0; }, compact: true }),
    checkbox(t("Ping-pong"), false, (on) => { state.isPingPong = on; }),
    checkbox(t("Onion skin"), false, (on) => { state.hasOnion = on; painter.request(); }, t("The frames before and after, faintly")),
    choice(t("Size"), [["0", t("Fit")], ["1", "1×"], ["4", "4×"], ["8", "8×"]], "0", (scale) => { state.scale = Number(scale); painter.request(); }),
  );
  const cutter = sheet.isAnimated || sheet.hasJson ? null : h("div", { class: "s-v-controls" }, field(t("Columns"), "columns"), field(t("Rows"), "rows"));
  return {
    element: h("div", { class: "s-v-kind" }, cutter, hint, h("div", { class: "s-v-stage" }, canvas), bar),
    pause,
    dispose: () => { pause(); painter.dispose(); cancelAnimationFrame(state.timer); for (const frame of state.frames) frame.picture.close?.(); },
  };
}

async function load(asset, sheet) {
  if (sheet.isAnimated && "ImageDecoder" in window) return { frames: await decodeFrames(fileUrl(asset.id, asset.main), asset.files[asset.main].type) };
  const picture = await loadPicture(fileUrl(asset.id, asset.main));
  if (!sheet.hasJson) return { picture };
  const name = Object.keys(asset.files).find((key) => asset.files[key].suffix === ".json" && key !== "recipe");
  const json = await (await fetch(fileUrl(asset.id, name))).json();
  return { picture, frames: cutJson(json).map((box) => ({ ...box, picture })) };
}

async function decodeFrames(url, type) {
  const response = await fetch(url);
  const decoder = new ImageDecoder({ data: await response.arrayBuffer(), type });
  await decoder.tracks.ready;
  const count = Math.min(decoder.tracks.selectedTrack.frameCount, MOST_FRAMES);
  const frames = [];
  for (let frameIndex = 0; frameIndex < count; frameIndex += 1) {
    const { image } = await decoder.decode({ frameIndex });
    const picture = await createImageBitmap(image);
    frames.push({ picture, x: 0, y: 0, width: picture.width, height: picture.height, seconds: (image.duration ?? 100000) / 1e6 });
    image.close();
  }
  decoder.close();
  return frames;
}

function draw(context, width, height, { frames, step, isPingPong, hasOnion, scale }) {
  context.clearRect(0, 0, width, height);
  if (!frames.length) return;
  const at = frameAt(step, frames.length, isPingPong);
  const fit = Math.min((width - 32) / frames[at].width, (height - 32) / frames[at].height);
  const times = scale || (fit > 1 ? Math.floor(fit) : fit);
  const boxOf = (frame) => {
    const size = [frame.width * times, frame.height * times];
    return [Math.round((width - size[0]) / 2), Math.round((height - size[1]) / 2), ...size];
  };
  const paint = (frame, alpha) => {
    context.globalAlpha = alpha;
    context.imageSmoothingEnabled = times < 2;
    context.drawImage(frame.picture, frame.x, frame.y, frame.width, frame.height, ...boxOf(frame));
  };
  context.fillStyle = buildChecks(context);
  context.fillRect(...boxOf(frames[at]));
  if (hasOnion && frames.length > 1) {
    paint(frames[frameAt(at - 1, frames.length, false)], 0.3);
    paint(frames[frameAt(at + 1, frames.length, false)], 0.18);
  }
  paint(frames[at], 1);
  context.globalAlpha = 1;
}
