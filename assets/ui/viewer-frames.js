// How pictures are cut into frames, and which frame comes when. Pure functions.

export const MOST_FRAMES = 512;

/** How a picture is cut into frames: {columns, rows, count, fps, isKnown}, or null if nothing says it is a sheet. */
export function findSheet(asset) {
  const said = { ...asset.facts, ...asset.info, ...asset.params };
  const first = (...names) => names.map((name) => said[name]).find((value) => Number(value) > 0);
  const { width, height } = asset;
  if (Number(asset.facts?.frames) > 1) return { columns: 1, rows: 1, count: asset.facts.frames, fps: 10, isAnimated: true, isKnown: true };
  if (Object.keys(asset.files).some((name) => asset.files[name].suffix === ".json" && name !== "recipe")) return { columns: 1, rows: 1, count: 1, fps: 12, hasJson: true, isKnown: true };
  const fps = Number(first("fps", "frame_rate")) || 12;
  const cell = [Number(first("cell_width", "cell", "frame_width")), Number(first("cell_height", "cell", "frame_height"))];
  const columns = Number(first("columns", "cells")) || (cell[0] && Math.floor(width / cell[0]));
  const rows = Number(first("rows")) || (cell[1] && Math.floor(height / cell[1])) || (columns ? 1 : 0);
  if (columns && columns * rows > 1) return { columns, rows, count: Number(first("count")) || columns * rows, fps, isKnown: true };
  if (!width || !height) return null;
  if (width !== height && width % height === 0) return { columns: width / height, rows: 1, count: width / height, fps };
  if (width !== height && height % width === 0) return { columns: 1, rows: height / width, count: height / width, fps };
  return /sheet|sprite|flipbook|atlas/i.test([asset.title, ...asset.tags].join(" ")) ? { columns: 4, rows: 4, count: 16, fps } : null;
}

/** Where the frames of a grid lie: [{x, y, width, height}]. */
export function cutGrid([width, height], { columns, rows, count }) {
  const [w, d] = [Math.floor(width / columns), Math.floor(height / rows)];
  return Array.from({ length: Math.min(count, columns * rows, MOST_FRAMES) }, (_, place) => ({
    x: (place % columns) * w, y: Math.floor(place / columns) * d, width: w, height: d,
  }));
}

/** Frames of a sheet's JSON (TexturePacker or Aseprite), by name or in order. */
export function cutJson(sheet) {
  const frames = Array.isArray(sheet.frames) ? sheet.frames : Object.keys(sheet.frames ?? {}).sort().map((name) => sheet.frames[name]);
  return frames.filter((one) => one.frame).slice(0, MOST_FRAMES).map(({ frame, duration }) => ({ x: frame.x, y: frame.y, width: frame.w, height: frame.h, seconds: duration ? duration / 1000 : 0 }));
}

/** The frame shown at a step, going there and back if `isPingPong`. */
export function frameAt(step, count, isPingPong) {
  if (count < 2) return 0;
  if (!isPingPong) return ((step % count) + count) % count;
  const round = 2 * count - 2;
  const place = ((step % round) + round) % round;
  return place < count ? place : round - place;
}
