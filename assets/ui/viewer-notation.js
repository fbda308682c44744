// The pages of a score, with a band that follows the playback where the score says where its notes stand.

import { fileUrl, h, t } from "./core.js";
import { findPlace, findSeconds, readMoments } from "./viewer-pages.js";

const WIDTH = 0.016; // of the band, as a share of the page
const AIR = 0.18; // above and below the system, as a share of it

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
    const place = findPlace(this.moments, seconds);
    const leaf = place && this.pages[place.page];
    if (!leaf) return;
    if (this.band.parentElement !== leaf) leaf.append(this.band);
    const air = (place.bottom - place.top) * AIR;
    Object.assign(this.band.style, {
      left: `${100 * (place.x - WIDTH / 4)}%`, width: `${100 * WIDTH}%`,
      top: `${100 * (place.top - air)}%`, height: `${100 * (place.bottom - place.top + 2 * air)}%`,
    });
    this.band.hidden = false;
    this.band.dataset.bar = String(place.bar);
    const system = `${place.page} ${place.top}`;
    if (this.band.dataset.system !== system) this.#reveal();
    this.band.dataset.system = system;
  }

  async #load(asset) {
    const name = Object.keys(asset.files).find((one) => asset.files[one].suffix === ".json");
    if (!name) return;
    try {
      const response = await fetch(fileUrl(asset.id, name), { credentials: "same-origin" });
      this.moments = readMoments(await response.json());
      this.element.dataset.moments = String(this.moments.length);
    } catch { /* pages can be read without */ }
  }

  #reveal() {
    const band = this.band.getBoundingClientRect();
    const frame = this.element.getBoundingClientRect();
    if (band.top >= frame.top && band.bottom <= frame.bottom) return;
    this.element.scrollBy({ top: band.top - frame.top - frame.height * 0.15, behavior: "smooth" });
  }

  #click(event, page) {
    const frame = event.currentTarget.getBoundingClientRect();
    const seconds = findSeconds(this.moments, page, (event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height);
    if (seconds !== null) this.seek(seconds);
  }
}
