// The pages of a score, with a band that follows the playback where the score says where its notes stand.

import { fileUrl, h, t } from "./core.js";

const WIDTH = 0.016; // of the band, as a share of the page

/** Names of the files that are pages of notation, in order: SVG where there is any, else PNG. */
export function findPages(asset) {
  const names = Object.keys(asset.files).filter((name) => name !== asset.main);
  const drawn = names.filter((name) => asset.files[name].suffix === ".svg");
  const pages = drawn.length ? drawn : names.filter((name) => asset.files[name].suffix === ".png");
  return pages.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** Pages to read; `follow(seconds)` moves the band, `seek` is called with the seconds somebody clicked at. */
export class NotationView {
  constructor(asset, pages, seek) {
    this.moments = [];
    this.seek = seek;
    this.band = h("div", { class: "s-v-band", hidden: true });
    this.pages = pages.map((name, place) => h(
      "div", { class: "s-v-leaf", onclick: (event) => this.#click(event, place) },
      h("img", { src: fileUrl(asset.id, name), alt: t("Notation of {title}, page {n}", { title: asset.title, n: place + 1 }) }),
    ));
    this.element = h("div", { class: "s-v-stage s-v-paper", tabindex: "0", role: "group", "aria-label": t("Notation of {title}", { title: asset.title }) }, this.pages);
    this.#load(asset);
  }

  /** Show where the music is now. */
  follow(seconds) {
    const moment = this.#find(seconds);
    if (moment < 0) return;
    const [from, page, x, top, bottom, bar] = this.moments[moment];
    const next = this.moments[moment + 1];
    const runs = next && next[1] === page && next[3] === top && next[2] > x;
    const place = runs ? x + (next[2] - x) * Math.min(1, (seconds - from) / (next[0] - from)) : x;
    const leaf = this.pages[page];
    if (!leaf) return;
    if (this.band.parentElement !== leaf) leaf.append(this.band);
    const air = (bottom - top) * 0.18;
    Object.assign(this.band.style, { left: `${100 * (place - WIDTH * 0.25)}%`, top: `${100 * (top - air)}%`, width: `${100 * WIDTH}%`, height: `${100 * (bottom - top + 2 * air)}%` });
    this.band.hidden = false;
    if (this.band.dataset.system !== `${page} ${top}`) this.#reveal();
    this.band.dataset.system = `${page} ${top}`;
    this.band.dataset.bar = String(bar);
  }

  async #load(asset) {
    const name = Object.keys(asset.files).find((one) => asset.files[one].suffix === ".json");
    if (!name) return;
    try {
      const response = await fetch(fileUrl(asset.id, name), { credentials: "same-origin" });
      const { moments } = await response.json();
      const isRow = (row) => Array.isArray(row) && row.length >= 5 && row.every(Number.isFinite);
      if (Array.isArray(moments) && moments.every(isRow)) this.moments = moments;
      this.element.dataset.moments = String(this.moments.length);
    } catch { /* a score can be read without */ }
  }

  /** The last moment that has begun. */
  #find(seconds) {
    let [low, high] = [-1, this.moments.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.moments[middle][0] <= seconds + 1e-3) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #reveal() {
    const band = this.band.getBoundingClientRect();
    const frame = this.element.getBoundingClientRect();
    if (band.top >= frame.top && band.bottom <= frame.bottom) return;
    this.element.scrollBy({ top: band.top - frame.top - frame.height * 0.15, behavior: "smooth" });
  }

  #click(event, page) {
    const frame = event.currentTarget.getBoundingClientRect();
    const [x, y] = [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height];
    let best = null;
    for (const moment of this.moments) {
      if (moment[1] !== page) continue;
      const far = (y < moment[3] ? moment[3] - y : Math.max(0, y - moment[4])) * 8 + Math.abs(moment[2] - x);
      if (!best || far < best.far) best = { far, seconds: moment[0] };
    }
    if (best) this.seek(best.seconds);
  }
}
