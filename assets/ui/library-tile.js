// One tile of the grid: picture, what kind it is, and on hover its stars and tags.

import { h, t, thumbnailUrl } from "./core.js";
import { icon } from "./library-icons.js";

const KIND_NAMES = () => ({
  image: t("Image"), texture: t("Texture"), audio: t("Audio"), score: t("Score"), text: t("Text"), video: t("Video"),
  checkpoint: t("Checkpoint"), report: t("Report"), archive: t("Archive"),
});

export const nameKind = (kind) => KIND_NAMES()[kind] ?? kind;

/** "0:07", "3:25", "1:02:03". */
export function writeSeconds(seconds) {
  const whole = Math.round(seconds);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** What the badge says beside the icon of the kind. */
function describe(item) {
  if (item.seconds && item.kind !== "image") return writeSeconds(item.seconds);
  if (item.kind === "texture") return t("{count} maps", { count: item.files });
  if (item.frames > 1) return t("{count} frames", { count: item.frames });
  return "";
}

/** The name of a tile for those who do not see it. */
export function nameTile(item) {
  const parts = [item.title || t("Untitled"), nameKind(item.kind), describe(item)];
  if (item.rating) parts.push(t("{count} stars", { count: item.rating }));
  return parts.filter(Boolean).join(", ");
}

/** Make the tile of an asset; its picture is fetched by `showPicture`. */
export function createTile(item, id) {
  const tile = h("div", { class: `s-lib-tile s-lib-kind-${item.kind}`, role: "gridcell", id, tabindex: "-1", draggable: true, "data-id": item.id });
  const text = describe(item);
  const isQuiet = item.kind === "image" && !text;
  tile.append(
    h("div", { class: "s-lib-tile-picture" }, icon(item.kind)),
    h("span", { class: "s-lib-tile-check", "data-act": "check", "aria-hidden": "true" }, icon("check")),
    isQuiet ? "" : h("span", { class: "s-lib-tile-badge", title: nameKind(item.kind) }, icon(item.kind), text && h("span", {}, text)),
    h("span", { class: "s-lib-tile-title", dir: "auto" }),
  );
  fillTile(tile, item);
  return tile;
}

/** Write what may change: title, stars, name. */
export function fillTile(tile, item) {
  tile.setAttribute("aria-label", nameTile(item));
  tile.querySelector(".s-lib-tile-title").textContent = item.title || t("Untitled");
  tile.querySelector(".s-lib-tile-rated")?.remove();
  if (item.rating) tile.append(h("span", { class: "s-lib-tile-rated", "aria-hidden": "true" }, "★".repeat(item.rating)));
  tile.querySelector(".s-lib-tile-more")?.remove();
}

/** Fetch the picture, once. */
export function showPicture(tile, item) {
  const frame = tile.firstChild;
  if (frame.querySelector("img")) return;
  const picture = h("img", { alt: "", draggable: "false", decoding: "async" });
  picture.addEventListener("load", () => tile.classList.add("s-lib-shown"), { once: true });
  picture.addEventListener("error", () => { picture.remove(); tile.classList.add("s-lib-bare"); }, { once: true });
  picture.src = item.thumbnail ? new URL(item.thumbnail, thumbnailUrl(item.id)).href : thumbnailUrl(item.id);
  frame.append(picture);
}

/** Show stars to click and tags, as long as the pointer is there. */
export function openTile(tile, item) {
  if (tile.querySelector(".s-lib-tile-more")) return;
  const stars = h("span", { class: "s-lib-tile-stars" });
  for (let rating = 1; rating <= 5; rating += 1) {
    const isOn = rating <= (item.rating ?? 0);
    const props = { type: "button", tabindex: "-1", class: isOn ? "s-on" : "", "data-act": "rate", "data-rating": String(rating) };
    stars.append(h("button", { ...props, "aria-label": t("Rate {count}", { count: rating }) }, "★"));
  }
  const tags = (item.tags ?? []).slice(0, 4).map((tag) => h("span", { class: "s-lib-tile-tag", dir: "auto" }, tag));
  if ((item.tags ?? []).length > 4) tags.push(h("span", { class: "s-lib-tile-tag" }, `+${item.tags.length - 4}`));
  tile.append(h("div", { class: "s-lib-tile-more" }, stars, tags.length > 0 && h("span", { class: "s-lib-tile-tags" }, tags)));
}

export function closeTile(tile) {
  tile.querySelector(".s-lib-tile-more")?.remove();
}
