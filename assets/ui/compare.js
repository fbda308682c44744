// <studio-compare ids="A,B,...">: two to six assets side by side, moved and zoomed together.

import { api, attempt, fileUrl, h, StudioElement, t, thumbnailUrl, toast } from "./core.js";
import { buildRows, buildTable, letter } from "./compare-table.js";
import { icon } from "./library-icons.js";
import { postMany } from "./library-actions.js";
import { nameTile } from "./library-tile.js";

const MOST = 6;
const LEAST_ZOOM = 1;
const MOST_ZOOM = 32;

class StudioCompare extends StudioElement {
  static observedAttributes = ["ids"];

  attributeChangedCallback(name, before, now) {
    if (before !== now && this.stage) this.load();
  }

  render() {
    if (this.stage) return;
    this.classList.add("s-lib-compare");
    this.stage = h("div", { class: "s-lib-compare-stage" });
    this.table = h("div", { class: "s-lib-compare-facts", tabindex: "0", role: "region", "aria-label": t("What is the same and what is not") });
    this.tools = h("div", { class: "s-lib-compare-tools", role: "toolbar", "aria-label": t("View") });
    this.append(this.tools, this.stage, this.table);
    this.listen(this.stage, "wheel", (event) => this.#wheeled(event));
    this.listen(this.stage, "pointerdown", (event) => this.#pressed(event));
    this.listen(document, "keydown", (event) => this.#keyed(event));
    this.load();
  }

  async load() {
    const ids = (this.getAttribute("ids") ?? "").split(",").filter(Boolean).slice(0, MOST);
    const found = await Promise.all(ids.map((id) => attempt(() => api.get(`assets/${encodeURIComponent(id)}`))));
    const titles = await api.get("generators").then(({ items }) => Object.fromEntries(items.map((one) => [one.id, one.title])), () => ({}));
    Object.assign(this, { assets: found.filter(Boolean), titles, x: 0, y: 0, zoom: 1, turn: null, map: "", isShort: true });
    if (this.assets.length < 2) {
      this.stage.replaceChildren(h("p", { class: "s-lib-quiet" }, t("Choose two to six assets to compare them.")));
      this.table.replaceChildren();
      return;
    }
    this.#showTools();
    this.#showPanes();
    this.#showTable();
  }

  get hasPictures() {
    return this.assets.every((asset) => ["image", "texture"].includes(asset.kind));
  }

  #showTools() {
    const maps = [...new Set(this.assets.flatMap((asset) => (asset.kind === "texture" ? Object.keys(asset.files) : [])))];
    const choice = h("select", { class: "s-lib-input", "aria-label": t("Map"), onchange: () => { this.map = choice.value; this.#showPanes(); } },
      maps.map((map) => h("option", { value: map }, map)));
    const flip = h("button", { type: "button", class: "s-button", "aria-pressed": String(this.turn !== null), title: t("Show one after the other in one place (F)"), onclick: () => this.flip() },
      icon("compare"), h("span", {}, this.turn === null ? t("Flip A / B") : t("Side by side")));
    const zoom = this.hasPictures && [
      h("button", { type: "button", class: "s-button", onclick: () => this.#reset() }, t("Fit")),
      h("button", { type: "button", class: "s-button", onclick: () => this.#natural() }, "100 %"),
      h("span", { class: "s-lib-quiet", title: t("Keys: + and − zoom, Shift with an arrow moves, F flips, Enter opens") }, t("Wheel zooms, dragging moves all")),
    ];
    const only = h("label", { class: "s-lib-check" },
      h("input", { type: "checkbox", checked: this.isShort, onchange: (event) => { this.isShort = event.target.checked; this.#showTable(); } }), t("Only what differs"));
    this.tools.replaceChildren(...[flip, maps.length > 1 && choice, zoom, h("span", { class: "s-lib-grow" }), only].flat().filter(Boolean));
  }

  #showPanes() {
    const panes = this.assets.map((asset, place) => this.#buildPane(asset, place));
    this.stage.replaceChildren(...panes);
    this.stage.dataset.count = String(panes.length);
    this.#turnTo(this.turn);
    this.#move();
  }

  #buildPane(asset, place) {
    const title = asset.title || t("Untitled");
    const pick = h("button", { type: "button", class: "s-button s-lib-pick", title: t("Give it five stars"), onclick: () => this.pick(place) }, icon("star"), h("span", {}, t("Best")));
    return h("figure", { class: `s-lib-pane${asset.rating === 5 ? " s-lib-best" : ""}`, "data-id": asset.id, "data-kind": asset.kind, tabindex: "0", "aria-label": `${letter(place)}: ${title}` },
      h("div", { class: "s-lib-pane-view" }, this.#buildView(asset)),
      h("figcaption", {}, h("span", { class: "s-lib-pane-letter" }, letter(place)), h("span", { class: "s-lib-pane-title", dir: "auto", title }, title),
        h("span", { class: "s-lib-pane-stars", "aria-label": t("{count} stars", { count: asset.rating ?? 0 }), role: "img" }, "★".repeat(asset.rating ?? 0)), pick));
  }

  #buildView(asset) {
    const name = nameTile(asset);
    if (asset.kind === "audio") return [h("img", { src: thumbnailUrl(asset.id), alt: name }), h("audio", { controls: true, preload: "metadata", src: fileUrl(asset.id), "aria-label": name })];
    if (asset.kind === "video") return h("video", { controls: true, loop: true, muted: true, playsinline: "", src: fileUrl(asset.id), "aria-label": name });
    const file = this.map && asset.files[this.map] ? this.map : asset.main;
    const isPicture = ["image", "texture"].includes(asset.kind) && /^image\/(png|jpeg|webp|gif|bmp)$/.test(asset.files[file]?.type ?? "");
    const picture = h("img", { src: isPicture ? fileUrl(asset.id, file) : thumbnailUrl(asset.id), alt: name, draggable: "false", class: isPicture ? "s-lib-sharp" : "" });
    picture.addEventListener("error", () => picture.replaceWith(icon(asset.kind)));
    return picture;
  }

  #showTable() {
    const rows = buildRows(this.assets, this.titles);
    this.table.replaceChildren(buildTable(this.assets, rows, this.isShort));
  }

  /** The winner gets five stars. */
  async pick(place) {
    const asset = this.assets[place];
    const done = await attempt(() => api.patch(`assets/${asset.id}`, { rating: 5 }));
    if (!done) return;
    asset.rating = 5;
    this.#showPanes();
    this.stage.children[place].querySelector(".s-lib-pick").focus({ preventScroll: true });
    this.dispatchEvent(new CustomEvent("s-rated", { detail: { ids: [asset.id], rating: 5 }, bubbles: true }));
    const others = this.assets.filter((other) => other !== asset).map((other) => other.id);
    const run = () => attempt(async () => {
      await postMany("assets/trash", others);
      this.dispatchEvent(new CustomEvent("s-trashed", { detail: { ids: others }, bubbles: true }));
    });
    toast(t("{letter} has five stars", { letter: letter(place) }), "info", { label: t("Trash the others"), run });
  }

  // ---- one place, one after the other

  flip() {
    this.#turnTo(this.turn === null ? 0 : null);
    this.#showTools();
    this.#move();
  }

  #turnTo(turn) {
    const isInside = [...this.stage.children].includes(document.activeElement);
    this.turn = turn;
    this.classList.toggle("s-lib-flipping", turn !== null);
    [...this.stage.children].forEach((pane, place) => pane.classList.toggle("s-lib-turned", place === turn));
    if (isInside && turn !== null) this.stage.children[turn].focus({ preventScroll: true });
  }

  #keyed(event) {
    if (!this.offsetParent || !this.assets || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input:not([type=checkbox]), select, textarea, dialog, [popover]")) return;
    const count = this.assets.length;
    const step = { ArrowRight: 1, ArrowLeft: -1, " ": 1 }[event.key];
    const place = event.key.toUpperCase().charCodeAt(0) - 65;
    if (event.key === "f" || event.key === "F") this.flip();
    else if (this.turn !== null && step && !event.shiftKey && !event.target.closest?.("button")) this.#turnTo((this.turn + step + count) % count);
    else if (this.turn !== null && event.key.length === 1 && place >= 0 && place < Math.min(count, 5)) this.#turnTo(place);
    else if (!this.#moveByKey(event) && !this.#pressPane(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Plus and minus zoom, Shift and an arrow move the pictures. */
  #moveByKey(event) {
    const zoom = { "+": 1.25, "=": 1.25, "-": 0.8 }[event.key];
    const [x, y] = (event.shiftKey && { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key]) || [0, 0];
    if (!this.hasPictures || !(zoom || x || y)) return false;
    if (zoom) this.#zoomTo(this.zoom * zoom);
    this.x += x / 10;
    this.y += y / 10;
    this.#move();
    return true;
  }

  /** From one picture to its neighbour, and into it. */
  #pressPane({ key, target }) {
    const panes = [...this.stage.children];
    const place = panes.indexOf(target);
    const next = panes[place + ({ ArrowRight: 1, ArrowLeft: -1 }[key] ?? 0)];
    if (place < 0) return false;
    if (key === "Enter") this.dispatchEvent(new CustomEvent("s-open", { detail: { id: this.assets[place].id }, bubbles: true, cancelable: true }));
    else if (next && next !== target) next.focus();
    else return false;
    return true;
  }

  // ---- all pictures move together; x and y are parts of a pane, so that sizes do not matter

  #move() {
    const limit = (this.zoom - 1) / 2;
    this.x = Math.max(-limit, Math.min(limit, this.x));
    this.y = Math.max(-limit, Math.min(limit, this.y));
    this.style.setProperty("--x", `${this.x * 100}%`);
    this.style.setProperty("--y", `${this.y * 100}%`);
    this.style.setProperty("--zoom", String(this.zoom));
    this.classList.toggle("s-lib-zoomed", this.zoom > 1);
  }

  #reset() {
    Object.assign(this, { x: 0, y: 0, zoom: 1 });
    this.#move();
  }

  /** One pixel of the largest picture is one pixel of the screen. */
  #natural() {
    const zooms = [...this.stage.querySelectorAll(".s-lib-pane-view > img")].map((picture) => {
      const scale = Math.min(picture.clientWidth / picture.naturalWidth, picture.clientHeight / picture.naturalHeight);
      return 1 / (scale * devicePixelRatio);
    });
    this.zoom = Math.max(LEAST_ZOOM, Math.min(MOST_ZOOM, Math.max(...zooms.filter(Number.isFinite), 1)));
    this.#move();
  }

  #wheeled(event) {
    const view = event.target.closest(".s-lib-pane-view");
    if (!view || !this.hasPictures) return;
    event.preventDefault();
    const frame = view.getBoundingClientRect();
    const at = { x: (event.clientX - frame.left) / frame.width - 0.5, y: (event.clientY - frame.top) / frame.height - 0.5 };
    this.#zoomTo(this.zoom * Math.exp(-event.deltaY / 300), at);
    this.#move();
  }

  /** What is at a place, in parts of a pane from its middle, stays there. */
  #zoomTo(wanted, at = { x: 0, y: 0 }) {
    const zoom = Math.max(LEAST_ZOOM, Math.min(MOST_ZOOM, wanted));
    this.x = at.x - (at.x - this.x) * (zoom / this.zoom);
    this.y = at.y - (at.y - this.y) * (zoom / this.zoom);
    this.zoom = zoom;
  }

  #pressed(event) {
    const view = event.target.closest(".s-lib-pane-view");
    if (!view || !this.hasPictures || event.button !== 0) return;
    event.preventDefault();
    const frame = view.getBoundingClientRect();
    const last = { x: event.clientX, y: event.clientY };
    const moved = (move) => {
      this.x += (move.clientX - last.x) / frame.width;
      this.y += (move.clientY - last.y) / frame.height;
      Object.assign(last, { x: move.clientX, y: move.clientY });
      this.#move();
    };
    const ended = () => {
      window.removeEventListener("pointermove", moved);
      window.removeEventListener("pointerup", ended);
    };
    window.addEventListener("pointermove", moved);
    window.addEventListener("pointerup", ended);
  }
}

customElements.define("studio-compare", StudioCompare);
