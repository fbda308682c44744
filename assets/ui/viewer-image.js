// An image: seen alone, against what it was made from, or tiled; a sheet of frames also played.

import { fileUrl, h, t } from "./core.js";
import { buildFlipbook } from "./viewer-flipbook.js";
import { findSheet } from "./viewer-frames.js";
import { loadPicture, PictureView } from "./viewer-picture.js";
import { checkbox, choice, slider } from "./viewer-widgets.js";

/** Controls of the tile preview, for any `PictureView`. */
export function buildTileControls(view, copies = 3) {
  return h(
    "div", { class: "s-v-controls" },
    slider(t("Copies"), { min: 1, max: 8, value: copies, format: (n) => `${n} × ${n}`, change: (n) => view.show({ copies: n }), compact: true }),
    checkbox(t("Half shift"), false, (shift) => view.show({ shift }), t("Move by half a tile, so that the seams meet in the middle")),
  );
}

/** Build the view of an image asset. */
export function build(asset, viewer) {
  const view = new PictureView(asset.title || t("Image"));
  const message = h("p", { class: "s-v-hint", hidden: true });
  const tiles = buildTileControls(view);
  const compare = h("div", { class: "s-v-controls" });
  const flip = h("div", { class: "s-v-flip", hidden: true });
  const root = h("div", { class: "s-v-kind" }, h("div", { class: "s-v-modes" }), message, view.element, flip);
  let player = null;
  let isGone = false;

  const set = (mode) => {
    const isPlayer = mode === "flipbook";
    view.element.hidden = isPlayer;
    flip.hidden = !isPlayer;
    tiles.hidden = mode !== "tiles";
    compare.hidden = mode !== "compare" && mode !== "difference";
    if (isPlayer && !player) {
      player = buildFlipbook(asset, viewer);
      flip.append(player.element);
    }
    player?.pause();
    if (!isPlayer) view.show({ mode });
  };

  const modes = [["picture", t("Picture")], ["tiles", t("Tiles"), t("Repeat it, to judge its seams (T)")]];
  const parent = viewer.parents.find((node) => node.kind === "image" || node.kind === "texture");
  if (parent) modes.splice(1, 0, ["compare", t("Before / after"), t("Against what it was made from (C)")]);
  if (findSheet(asset)) modes.push(["flipbook", t("Flipbook"), t("Play its frames")]);
  const bar = choice(t("View"), modes, "picture", set);
  compare.append(checkbox(t("Difference"), false, (on) => view.show({ mode: on ? "difference" : "compare" }), t("What changed, made brighter")));
  root.firstChild.append(bar, tiles, compare);
  tiles.hidden = true;
  compare.hidden = true;

  const fail = (error) => { message.hidden = false; message.textContent = error.message; };
  loadPicture(fileUrl(asset.id, asset.main)).then((picture) => {
    if (!isGone) view.show({ picture });
  }, fail);
  if (parent) loadPicture(fileUrl(parent.id, parent.main)).then((before) => view.show({ before }), () => {});

  const choose = (mode) => {
    if (!modes.some(([key]) => key === mode)) return false;
    bar.set(mode);
    set(mode);
    return true;
  };
  return {
    element: root,
    focus: () => view.canvas.focus(),
    keys: { t: () => choose("tiles"), c: () => choose("compare"), p: () => choose("picture") },
    dispose: () => { isGone = true; view.dispose(); player?.dispose(); },
  };
}
