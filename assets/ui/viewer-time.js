// How wheel and arrow keys move through a canvas whose width is time, in seconds.

import { clamp } from "./viewer-widgets.js";

/** The wheel zooms around the pointer, to `shortest`..`longest` seconds; sideways or with Shift it scrolls. */
export function followWheel(canvas, { getSeen, timeAt, look, shortest, longest }) {
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const [from, to] = getSeen();
    const span = to - from;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const move = ((event.deltaX || event.deltaY) / canvas.clientWidth) * span;
      look(from + move, to + move);
      return;
    }
    const now = timeAt(event);
    const grown = clamp(span * Math.exp(clamp(event.deltaY, -200, 200) / 300), shortest, longest);
    const start = now - ((now - from) / span) * grown;
    look(start, start + grown);
  }, { passive: false });
}

/** Arrow keys move `player` by `step` seconds, with Shift by `fine`; Home and End go to its ends. */
export function followArrows(canvas, { player, length, step, fine }) {
  canvas.addEventListener("keydown", (event) => {
    const by = event.shiftKey ? fine : step;
    const to = { ArrowLeft: player.place - by, ArrowRight: player.place + by, Home: 0, End: length }[event.key];
    if (to === undefined) return;
    player.seek(to);
    event.preventDefault();
    event.stopPropagation();
  });
}
