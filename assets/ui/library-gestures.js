// What a hand does in the grid: click, box, drag, keys. Says what is meant; does nothing itself.

import { h } from "./core.js";
import { closeTile, openTile } from "./library-tile.js";

export const DRAG_TYPE = "application/x-studio-assets";
const START = 5; // px until a press becomes a drag

/** `act` has: open(place), rate(ids, rating), trash(ids), tag(), search(), escape(), compare(). */
export class Gestures {
  #box = null;

  constructor(grid, act) {
    Object.assign(this, { grid, source: grid.source, selection: grid.selection, act });
    const { box, sheet } = grid;
    sheet.addEventListener("click", (event) => this.#clicked(event));
    sheet.addEventListener("dblclick", (event) => this.#withPlace(event, (place) => !event.target.closest("[data-act]") && act.open(place)));
    sheet.addEventListener("pointerover", (event) => this.#hovered(event));
    sheet.addEventListener("focusin", (event) => this.#focused(event));
    sheet.addEventListener("dragstart", (event) => this.#dragged(event));
    sheet.addEventListener("keydown", (event) => this.#pressed(event));
    box.addEventListener("pointerdown", (event) => this.#boxStarted(event));
  }

  #place(event) {
    const tile = event.target.closest?.(".s-lib-tile");
    return tile ? this.source.places.get(tile.dataset.id) : undefined;
  }

  #withPlace(event, run) {
    const place = this.#place(event);
    if (place !== undefined) run(place);
  }

  #clicked(event) {
    const place = this.#place(event);
    if (place === undefined) return;
    const { id } = this.source.items[place];
    const act = event.target.closest("[data-act]")?.dataset;
    if (act?.act === "rate") {
      const rating = Number(act.rating);
      this.act.rate([id], this.source.items[place].rating === rating ? 0 : rating);
      return;
    }
    if (act?.act === "check" || event.ctrlKey || event.metaKey) this.selection.toggle(id);
    else if (event.shiftKey) this.selection.range(this.source, place);
    else if (event.pointerType === "touch") {
      if (this.selection.size) this.selection.toggle(id);
      else this.act.open(place);
    } else this.selection.only(id);
    this.grid.moveTo(place);
  }

  #hovered(event) {
    const tile = event.target.closest(".s-lib-tile");
    if (tile === this.hovered) return;
    if (this.hovered) closeTile(this.hovered);
    this.hovered = tile;
    if (tile && event.pointerType !== "touch") openTile(tile, this.source.get(tile.dataset.id));
  }

  #focused(event) {
    const place = this.#place(event);
    if (place === undefined || place === this.grid.active) return;
    this.grid.active = place;
    this.grid.activeId = this.source.items[place].id;
    this.grid.paint();
  }

  #dragged(event) {
    const place = this.#place(event);
    if (place === undefined) return;
    const { id } = this.source.items[place];
    if (!this.selection.ids.has(id)) this.selection.only(id);
    const ids = this.selection.list(this.source);
    event.dataTransfer.setData(DRAG_TYPE, JSON.stringify(ids));
    event.dataTransfer.setData("text/plain", ids.join("\n"));
    event.dataTransfer.effectAllowed = "copy";
    const picture = event.target.closest(".s-lib-tile").querySelector("img");
    if (picture) event.dataTransfer.setDragImage(picture, 40, 40);
  }

  // ---- the box drawn with the mouse

  #boxStarted(event) {
    if (event.button !== 0 || event.pointerType === "touch" || event.target.closest(".s-lib-tile, button, a, input")) return;
    const { box, sheet } = this.grid;
    if (event.offsetX > box.clientWidth && event.target === box) return; // the scroll bar
    const at = () => sheet.getBoundingClientRect();
    const start = { x: event.clientX - at().left, y: event.clientY - at().top };
    const isMore = event.shiftKey || event.ctrlKey || event.metaKey;
    const pointer = { x: event.clientX, y: event.clientY };
    let ticking = 0;
    const tick = () => {
      const frame = box.getBoundingClientRect();
      const over = Math.max(0, pointer.y - frame.bottom + 30) - Math.max(0, frame.top + 30 - pointer.y);
      if (over) box.scrollTop += Math.max(-30, Math.min(30, over / 2));
      this.#stretch(start, { x: pointer.x - at().left, y: pointer.y - at().top });
      ticking = requestAnimationFrame(tick);
    };
    const moved = (move) => {
      Object.assign(pointer, { x: move.clientX, y: move.clientY });
      if (this.#box || Math.hypot(move.clientX - event.clientX, move.clientY - event.clientY) < START) return;
      this.#box = h("div", { class: "s-lib-grid-box" });
      sheet.append(this.#box);
      this.selection.startBox(isMore);
      tick();
    };
    const ended = () => {
      for (const [type, heard] of [["pointermove", moved], ["pointerup", ended], ["pointercancel", ended]]) window.removeEventListener(type, heard);
      cancelAnimationFrame(ticking);
      if (!this.#box && !isMore) this.selection.clear();
      this.#box?.remove();
      this.#box = null;
    };
    for (const [type, heard] of [["pointermove", moved], ["pointerup", ended], ["pointercancel", ended]]) window.addEventListener(type, heard);
    event.preventDefault();
    document.activeElement?.blur?.();
  }

  #stretch(start, end) {
    const rectangle = {
      left: Math.min(start.x, end.x), right: Math.max(start.x, end.x), top: Math.min(start.y, end.y), bottom: Math.max(start.y, end.y),
    };
    Object.assign(this.#box.style, {
      left: `${rectangle.left}px`, top: `${rectangle.top}px`,
      width: `${rectangle.right - rectangle.left}px`, height: `${rectangle.bottom - rectangle.top}px`,
    });
    this.selection.box(this.source.items, this.grid.layout.within(rectangle));
  }

  // ---- keys

  #pressed(event) {
    if (event.altKey || !this.source.items.length || event.target.closest("input, textarea, select")) return;
    const isDone = event.ctrlKey || event.metaKey ? this.#pressedWithControl(event) : this.#move(event) || this.#command(event);
    if (isDone) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  #pressedWithControl(event) {
    if (event.key.toLowerCase() === "a") this.selection.set(this.source.items.map((item) => item.id));
    else return this.#move(event, true);
    return true;
  }

  #move(event, keepsChoice = false) {
    const { grid } = this;
    const { active, layout } = grid;
    const isRight = getComputedStyle(grid.sheet).direction === "rtl";
    const moves = {
      ArrowLeft: () => active + (isRight ? 1 : -1),
      ArrowRight: () => active + (isRight ? -1 : 1),
      ArrowUp: () => layout.below(active, -1),
      ArrowDown: () => layout.below(active, 1),
      PageUp: () => layout.below(active, -grid.page),
      PageDown: () => layout.below(active, grid.page),
      Home: () => 0,
      End: () => this.source.items.length - 1,
    };
    if (!moves[event.key]) return false;
    const place = Math.max(0, Math.min(moves[event.key](), this.source.items.length - 1));
    if (event.shiftKey) {
      if (!this.selection.size) this.selection.anchor(this.source.items[active].id);
      this.selection.range(this.source, place);
    } else if (!keepsChoice && this.selection.size <= 1) this.selection.only(this.source.items[place].id);
    grid.moveTo(place);
    return true;
  }

  #command(event) {
    const { id } = this.source.items[this.grid.active];
    const ids = this.selection.size ? this.selection.list(this.source) : [id];
    const commands = {
      Enter: () => this.act.open(this.grid.active),
      " ": () => this.selection.toggle(id),
      Delete: () => this.act.trash(ids),
      Backspace: () => this.act.trash(ids),
      t: () => this.act.tag(ids),
      c: () => this.act.compare(ids),
    };
    if (/^[0-5]$/.test(event.key)) this.act.rate(ids, Number(event.key));
    else if (commands[event.key]) commands[event.key]();
    else return false;
    return true;
  }
}
