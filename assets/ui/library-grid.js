// The grid: only the rows near the window are in the page, however long the list.

import { h, t } from "./core.js";
import { Layout } from "./library-layout.js";
import { nameDay } from "./library-query.js";
import { createTile, fillTile, showPicture } from "./library-tile.js";

const MARGIN = 500; // px drawn above and below the window
const FAST = 3.5; // px per ms; pictures wait until it is slower
const SIZES = { s: { tile: 104, gap: 6, caption: 0 }, m: { tile: 164, gap: 10, caption: 26 }, l: { tile: 260, gap: 14, caption: 28 } };
const HEADING = 40;

export class Grid {
  #rows = new Map(); // index of row -> element
  #tiles = new Map(); // asset -> element
  #number = 0;
  #frame = 0;
  #settle = 0;
  #last = { top: 0, time: 0 };
  #wait = false;

  /** `options`: {onmore, onscroll}; `source` holds the list, `selection` what is chosen. */
  constructor(source, selection, options) {
    Object.assign(this, { source, selection, options, size: "m", isGrouped: true, active: 0, layout: null });
    this.sheet = h("div", { class: "s-lib-grid-sheet", role: "grid", "aria-multiselectable": "true", "aria-label": t("Assets") });
    this.box = h("div", { class: "s-lib-grid", tabindex: "-1" }, this.sheet);
    this.box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.watch = new ResizeObserver(() => this.#resized());
    this.watch.observe(this.box);
  }

  /** Lay everything anew: another list, size or width. */
  rebuild({ scroll = null } = {}) {
    const width = this.sheet.clientWidth;
    if (!width) return;
    const hadFocus = this.hasFocus;
    const shape = SIZES[this.size];
    this.layout = new Layout(width, { ...shape, heading: this.isGrouped ? HEADING : 0 });
    this.layout.extend(this.source.items);
    this.box.dataset.size = this.size;
    this.box.style.setProperty("--side", `${this.layout.side}px`);
    this.box.style.setProperty("--gap", `${shape.gap}px`);
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
    for (const [id, tile] of this.#tiles) {
      if (!this.source.places.has(id)) {
        tile.remove();
        this.#tiles.delete(id);
      }
    }
    this.active = this.source.places.get(this.activeId) ?? Math.max(0, Math.min(this.active, this.source.items.length - 1));
    this.#measure();
    if (scroll !== null) this.box.scrollTop = scroll;
    this.draw();
    for (const [id, tile] of this.#tiles) if (!tile.isConnected) this.#tiles.delete(id);
    if (hadFocus) this.moveTo(this.active);
  }

  /** More assets came at the end. */
  extend() {
    if (!this.layout) return this.rebuild();
    const from = Math.max(0, this.layout.rows.length - 2);
    this.layout.extend(this.source.items);
    for (const index of [...this.#rows.keys()].filter((key) => key >= from)) this.#dropRow(index);
    this.#measure();
    this.draw();
    return undefined;
  }

  #measure() {
    this.sheet.style.height = `${this.layout.height}px`;
    this.sheet.setAttribute("aria-rowcount", String(this.source.isDone ? this.layout.rows.length : -1));
    this.sheet.setAttribute("aria-colcount", String(this.layout.columns));
  }

  #resized() {
    const width = this.sheet.clientWidth;
    if (!width || !this.source) return;
    if (this.layout && this.layout.width === width) return this.draw();
    const place = this.layout ? this.layout.rows[this.layout.findRow(this.box.scrollTop)]?.from : 0;
    this.rebuild();
    if (this.layout.rows.length && place > 0) this.box.scrollTop = this.layout.rows[this.layout.rowOf(place)].top;
    return this.draw();
  }

  #scrolled() {
    const now = performance.now();
    const { scrollTop } = this.box;
    const speed = Math.abs(scrollTop - this.#last.top) / Math.max(1, now - this.#last.time);
    this.#last = { top: scrollTop, time: now };
    this.#wait = speed > FAST;
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => { this.#wait = false; this.draw(); }, 90);
    if (!this.#frame) this.#frame = requestAnimationFrame(() => { this.#frame = 0; this.draw(); });
    this.options.onscroll?.(scrollTop);
  }

  /** Put the rows near the window into the page and take the others out. */
  draw() {
    if (!this.layout || !this.box.clientHeight) return;
    const { rows } = this.layout;
    const top = this.box.scrollTop - this.sheet.offsetTop;
    const first = this.layout.findRow(top - MARGIN);
    const wanted = new Set();
    for (let index = first; index < rows.length && rows[index].top < top + this.box.clientHeight + MARGIN; index += 1) wanted.add(index);
    if (this.hasFocus && rows.length) wanted.add(this.layout.rowOf(this.active));
    for (const index of this.#rows.keys()) if (!wanted.has(index)) this.#dropRow(index);
    for (const index of wanted) if (!this.#rows.has(index)) this.#addRow(index);
    if (!this.#wait) this.#showPictures();
    const last = Math.max(...wanted, 0);
    if (rows[last] && rows[last].to > this.source.items.length - this.layout.columns * 12) this.options.onmore();
  }

  get hasFocus() {
    return this.sheet.contains(document.activeElement);
  }

  #showPictures() {
    for (const [id, tile] of this.#tiles) showPicture(tile, this.source.get(id));
  }

  #addRow(index) {
    const row = this.layout.rows[index];
    const element = h("div", { class: "s-lib-grid-row", role: "row", "aria-rowindex": String(index + 1) });
    element.style.transform = `translateY(${row.top}px)`;
    if (row.day !== null) {
      element.classList.add("s-lib-grid-day");
      element.append(h("div", { role: "rowheader", "aria-colspan": String(this.layout.columns) }, nameDay(row.day)));
    }
    for (let place = row.from; place < row.to; place += 1) element.append(this.#getTile(this.source.items[place], place));
    this.#rows.set(index, element);
    this.sheet.append(element);
  }

  #getTile(item, place) {
    let tile = this.#tiles.get(item.id);
    if (!tile) {
      tile = createTile(item, `s-lib-tile-${(this.#number += 1)}`);
      this.#tiles.set(item.id, tile);
    }
    this.#paintTile(tile, item.id, place === this.active);
    return tile;
  }

  #dropRow(index) {
    const row = this.#rows.get(index);
    for (const tile of row.querySelectorAll(".s-lib-tile")) this.#tiles.delete(tile.dataset.id);
    row.remove();
    this.#rows.delete(index);
  }

  #paintTile(tile, id, isActive) {
    const isChosen = this.selection.ids.has(id);
    tile.classList.toggle("s-lib-chosen", isChosen);
    tile.setAttribute("aria-selected", String(isChosen));
    tile.tabIndex = isActive ? 0 : -1;
  }

  /** Show what is chosen and where the keyboard is. */
  paint() {
    this.box.classList.toggle("s-lib-choosing", this.selection.size > 0);
    const active = this.source.items[this.active]?.id;
    for (const [id, tile] of this.#tiles) this.#paintTile(tile, id, id === active);
  }

  /** Write titles and stars anew. */
  refill() {
    for (const [id, tile] of this.#tiles) {
      const item = this.source.get(id);
      if (item) fillTile(tile, item);
    }
  }

  /** Take the keyboard to an asset and bring it into the window. */
  moveTo(place, { focus = true } = {}) {
    if (!this.layout || !this.source.items.length) return;
    this.active = Math.max(0, Math.min(place, this.source.items.length - 1));
    this.activeId = this.source.items[this.active].id;
    this.reveal(this.active);
    this.draw();
    this.paint();
    if (focus) this.#tiles.get(this.source.items[this.active].id)?.focus({ preventScroll: true });
  }

  reveal(place) {
    const row = this.layout.rows[this.layout.rowOf(place)];
    if (!row) return;
    const isFirst = row.from === 0;
    const top = row.top + this.sheet.offsetTop - (this.isGrouped ? HEADING : 0);
    const bottom = row.top + this.sheet.offsetTop + row.height + 12;
    if (this.box.scrollTop > top) this.box.scrollTop = isFirst ? 0 : top;
    else if (this.box.scrollTop + this.box.clientHeight < bottom) this.box.scrollTop = bottom - this.box.clientHeight;
  }

  /** How many rows fit the window. */
  get page() {
    return Math.max(1, Math.floor(this.box.clientHeight / this.layout.pitch));
  }

  getTile(id) {
    return this.#tiles.get(id);
  }

  close() {
    this.watch.disconnect();
    clearTimeout(this.#settle);
    cancelAnimationFrame(this.#frame);
  }
}
