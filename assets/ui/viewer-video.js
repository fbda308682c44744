// A video: loop, one frame at a time, speed. A GIF is played as a flipbook.

import { fileUrl, h, t } from "./core.js";
import { buildFlipbook } from "./viewer-flipbook.js";
import { button, clamp, formatTime, slider, toggle } from "./viewer-widgets.js";

/** Build the view of a video. */
export function build(asset) {
  if (asset.files[asset.main].suffix === ".gif") {
    const player = buildFlipbook(asset);
    return { element: player.element, keys: {}, focus: () => {}, dispose: player.dispose };
  }
  const fps = Number(asset.facts.fps) || 25;
  const video = h("video", { class: "s-v-video", src: fileUrl(asset.id, asset.main), preload: "auto", tabindex: "0", "aria-label": asset.title });
  [video.loop, video.playsInline, video.muted] = [true, true, false];
  const hint = h("p", { class: "s-v-hint s-v-veil", hidden: true }, t("This browser cannot play the video; download it instead."));
  video.addEventListener("error", () => { hint.hidden = false; });
  const step = (frames) => {
    video.pause();
    // The middle of a frame: its very start may round to the one before.
    const frame = Math.floor(video.currentTime * fps + 0.01) + frames;
    video.currentTime = clamp((frame + 0.5) / fps, 0, Math.max(video.duration - 0.001, 0));
  };
  const play = button(t("Play"), { glyph: "play", bare: true, title: t("Play or pause (Space)"), onclick: () => flip() });
  const flip = () => (video.paused ? video.play() : video.pause());
  const time = h("output", { class: "s-v-figures s-v-wide", "aria-live": "off" });
  const seek = h("input", { type: "range", min: "0", max: "1000", value: "0", class: "s-v-seek", "aria-label": t("Place in {title}", { title: asset.title }) });
  seek.addEventListener("input", () => { if (video.duration) video.currentTime = (Number(seek.value) / 1000) * video.duration; });
  let frame = 0;
  const follow = () => {
    cancelAnimationFrame(frame);
    const { currentTime, duration } = video;
    play.setAttribute("aria-pressed", String(!video.paused));
    time.textContent = `${formatTime(currentTime, 2)} / ${formatTime(duration || 0, 2)}  ${t("frame {n}", { n: Math.floor(currentTime * fps + 0.01) + 1 })}`;
    if (duration) seek.value = String((currentTime / duration) * 1000);
    seek.setAttribute("aria-valuetext", formatTime(currentTime, 2));
    if (!video.paused && video.isConnected) frame = requestAnimationFrame(follow);
  };
  for (const type of ["play", "pause", "seeked", "loadedmetadata", "timeupdate"]) video.addEventListener(type, follow);
  video.addEventListener("click", flip);
  const loop = toggle(t("Loop"), { glyph: "loop", on: true, title: t("Start again at the end (L)"), change: (on) => { video.loop = on; } });
  const bar = h(
    "div", { class: "s-v-tools" },
    button(t("Frame back"), { glyph: "back", bare: true, title: t("Frame back (,)"), onclick: () => step(-1) }),
    play,
    button(t("Frame on"), { glyph: "forward", bare: true, title: t("Frame on (.)"), onclick: () => step(1) }),
    time, seek, loop,
    slider(t("Speed"), { min: 0.1, max: 2, step: 0.05, value: 1, format: (v) => `${v.toFixed(2)} ×`, change: (v) => { video.playbackRate = v; }, compact: true }),
    slider(t("Volume"), { min: 0, max: 1, step: 0.01, value: 1, format: (v) => `${Math.round(v * 100)} %`, change: (v) => { video.volume = v; }, compact: true }),
  );
  const done = (act) => () => { act(); return true; };
  return {
    element: h("div", { class: "s-v-kind" }, h("div", { class: "s-v-stage" }, video, hint), bar),
    focus: () => video.focus(),
    keys: { " ": done(flip), ",": done(() => step(-1)), ".": done(() => step(1)), l: done(() => loop.click()) },
    dispose: () => { cancelAnimationFrame(frame); video.pause(); video.removeAttribute("src"); video.load(); },
  };
}
