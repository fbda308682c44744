// <studio-lineage asset="ID">: what an asset was made from and what was made from it, as a picture.

import { api, ApiError, h, show, StudioElement, t, thumbnailUrl } from "./core.js";
import { icon, svgElement } from "./library-icons.js";
import { nameKind } from "./library-tile.js";
import { layoutLineage, NODE } from "./lineage-layout.js";

const LEAST = 0.15;
const MOST = 1.5;
const MARGIN = 40;

class StudioLineage extends StudioElement {
  static observedAttributes = ["asset"];

  #abort = new AbortController();

  attributeChangedCallback(name, before, now) {
    if (before !== now && this.canvas) this.load();
  }

  render() {
    if (this.canvas) return;
    this.classList.add("s-lib-lineage");
    this.edges = svgElement("svg", { class: "s-lib-lineage-edges", "aria-hidden": "true" });
    this.sheet = h("div", { class: "s-lib-lineage-sheet" }, this.edges);
    this.canvas = h("div", { class: "s-lib-lineage-canvas" }, this.sheet);
    this.note = h("p", { class: "s-lib-lineage-note", role: "status" });
    const button = (text, label, run) => h("button", { type: "button", class: "s-icon-button", "aria-label": label, title: label, onclick: run }, text);
    const tools = h("div", { class: "s-lib-lineage-tools" },
      button("−", t("Smaller"), () => this.zoom(1 / 1.25)), button("+", t("Larger"), () => this.zoom(1.25)), button("⤢", t("Show all"), () => this.fit()));
    this.append(this.canvas, tools, this.note);
    this.listen(this.canvas, "wheel", (event) => this.#wheeled(event));
    this.listen(this.canvas, "pointerdown", (event) => this.#pressed(event));
    this.listen(this.canvas, "keydown", (event) => this.#walk(event));
    this.listen(this.canvas, "focusin", (event) => this.#reach(event.target.closest(".s-lib-node")));
    this.watch = new ResizeObserver(() => this.places && !this.isMoved && this.fit());
    this.watch.observe(this.canvas);
    this.load();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#abort.abort();
    this.watch?.disconnect();
  }

  async load() {
    const id = this.getAttribute("asset");
    if (!id) return;
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.titles ??= await api.get("generators").then(({ items }) => Object.fromEntries(items.map((one) => [one.id, one.title])), () => ({}));
    try {
      const family = await api.get(`assets/${encodeURIComponent(id)}/lineage`, {}, signal);
      if (!signal.aborted) this.draw(id, family);
    } catch (error) {
      if (signal.aborted) return;
      this.note.textContent = error instanceof ApiError ? error.message : String(error);
    }
  }

  /** Draw a family around an asset. */
  draw(id, { nodes, edges, is_complete: isComplete }) {
    const layout = layoutLineage(nodes.map((node) => node.id), edges);
    Object.assign(this, { places: layout.places, size: layout, links: edges, isMoved: false });
    for (const old of this.sheet.querySelectorAll(".s-lib-node")) old.remove();
    const width = layout.width + MARGIN * 2;
    const height = layout.height + MARGIN * 2;
    this.edges.replaceChildren(...mergeEdges(edges).map((edge) => this.#drawEdge(edge, id)).filter(Boolean));
    this.edges.setAttribute("viewBox", `${-MARGIN} ${-MARGIN} ${width} ${height}`);
    Object.assign(this.edges.style, { left: `${-MARGIN}px`, top: `${-MARGIN}px`, width: `${width}px`, height: `${height}px` });
    for (const node of nodes) this.sheet.append(this.#drawNode(node, node.id === id));
    const lone = nodes.length < 2 ? t("Nothing was made from it yet, and it was made from nothing. Send it to a generator and its children appear here.") : "";
    this.note.textContent = isComplete ? lone : t("The family is very large; this is a part of it.");
    this.fit();
    this.sheet.querySelector(".s-lib-node.s-lib-here")?.focus({ preventScroll: true });
  }

  #drawNode(node, isHere) {
    const { x, y } = this.places.get(node.id);
    const title = node.title || t("Untitled");
    const maker = this.titles[node.generator] || node.generator || (node.source === "imported" ? t("Imported") : nameKind(node.kind));
    const picture = h("img", { src: thumbnailUrl(node.id), alt: "", loading: "lazy", decoding: "async", draggable: "false" });
    picture.addEventListener("error", () => picture.replaceWith(icon(node.kind)));
    const props = {
      type: "button", class: `s-lib-node${isHere ? " s-lib-here" : ""}${node.trashed ? " s-lib-gone" : ""}`, style: `left:${x}px;top:${y}px;width:${NODE.width}px;height:${NODE.height}px`,
      "data-id": node.id, tabindex: isHere ? "0" : "-1", title: `${title}\n${maker}`, "aria-label": `${title}, ${nameKind(node.kind)}, ${maker}${isHere ? `, ${t("this one")}` : ""}`, onclick: () => this.#open(node.id),
    };
    return h("button", props,
      h("span", { class: "s-lib-node-picture" }, picture),
      h("span", { class: "s-lib-node-text" }, h("strong", { dir: "auto" }, title), h("small", {}, maker), node.trashed && h("small", { class: "s-lib-node-gone" }, t("in the trash"))));
  }

  #drawEdge({ parent, child, slots }, id) {
    const [from, to] = [this.places.get(parent), this.places.get(child)];
    if (!from || !to) return null;
    const [x1, y1, x2, y2] = [from.x + NODE.width, from.y + NODE.height / 2, to.x, to.y + NODE.height / 2];
    const bend = Math.max(30, Math.abs(x2 - x1) / 2);
    const isNear = parent === id || child === id;
    const path = svgElement("path", { d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2 - 5} ${y2}`, class: `s-lib-edge${isNear ? " s-lib-near" : ""}` });
    const tip = svgElement("path", { d: `M${x2 - 7} ${y2 - 4}L${x2} ${y2}L${x2 - 7} ${y2 + 4}z`, class: `s-lib-edge-tip${isNear ? " s-lib-near" : ""}` });
    const label = svgElement("text", { x: x2 - 12, y: y2 - 6, "text-anchor": "end", class: "s-lib-edge-slot" });
    label.textContent = slots.join(", ");
    return svgElement("g", { "data-parent": parent, "data-child": child }, path, tip, label);
  }

  #open(id) {
    if (this.wasDragged) return;
    if (!this.dispatchEvent(new CustomEvent("s-open", { detail: { id }, bubbles: true, cancelable: true }))) return;
    show(id);
  }

  // ---- moving about

  fit() {
    const { clientWidth, clientHeight } = this.canvas;
    if (!clientWidth || !this.size) return;
    const scale = Math.min(1, (clientWidth - MARGIN * 2) / this.size.width, (clientHeight - MARGIN * 2) / this.size.height);
    this.scale = Math.max(LEAST, scale);
    const here = this.places.get(this.getAttribute("asset")) ?? { x: 0, y: 0 };
    const middle = this.scale > scale ? { x: here.x + NODE.width / 2, y: here.y + NODE.height / 2 } : { x: this.size.width / 2, y: this.size.height / 2 };
    this.x = clientWidth / 2 - middle.x * this.scale;
    this.y = clientHeight / 2 - middle.y * this.scale;
    this.#move();
  }

  zoom(factor, at = { x: this.canvas.clientWidth / 2, y: this.canvas.clientHeight / 2 }) {
    const scale = Math.max(LEAST, Math.min(MOST, this.scale * factor));
    this.x = at.x - (at.x - this.x) * (scale / this.scale);
    this.y = at.y - (at.y - this.y) * (scale / this.scale);
    this.scale = scale;
    this.isMoved = true;
    this.#move();
  }

  #move() {
    this.sheet.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    this.classList.toggle("s-lib-far", this.scale < 0.45);
  }

  #wheeled(event) {
    event.preventDefault();
    const frame = this.canvas.getBoundingClientRect();
    this.zoom(Math.exp(-event.deltaY / 400), { x: event.clientX - frame.left, y: event.clientY - frame.top });
  }

  #pressed(event) {
    if (event.button !== 0) return;
    const start = { x: event.clientX - this.x, y: event.clientY - this.y };
    const begin = { x: event.clientX, y: event.clientY };
    this.wasDragged = false;
    const moved = (move) => {
      if (!this.wasDragged && Math.hypot(move.clientX - begin.x, move.clientY - begin.y) < 4) return;
      this.wasDragged = this.isMoved = true;
      Object.assign(this, { x: move.clientX - start.x, y: move.clientY - start.y });
      this.#move();
    };
    const ended = () => {
      window.removeEventListener("pointermove", moved);
      window.removeEventListener("pointerup", ended);
      setTimeout(() => { this.wasDragged = false; });
    };
    window.addEventListener("pointermove", moved);
    window.addEventListener("pointerup", ended);
  }

  /** Tab comes to one node only, the last one that was reached. */
  #reach(node) {
    if (!node) return;
    for (const other of this.sheet.querySelectorAll('.s-lib-node[tabindex="0"]')) other.tabIndex = -1;
    node.tabIndex = 0;
  }

  /** Arrow keys go along the edges, or up and down a layer; plus and minus zoom. */
  #walk(event) {
    const factor = { "+": 1.25, "=": 1.25, "-": 0.8 }[event.key];
    if (factor) this.zoom(factor);
    const id = event.target.closest?.(".s-lib-node")?.dataset.id;
    if (!id) return;
    const here = this.places.get(id);
    const near = {
      ArrowLeft: () => this.links.filter((link) => link.child === id).map((link) => link.parent),
      ArrowRight: () => this.links.filter((link) => link.parent === id).map((link) => link.child),
      ArrowUp: () => [...this.places].filter(([, place]) => place.x === here.x && place.y < here.y).map(([other]) => other),
      ArrowDown: () => [...this.places].filter(([, place]) => place.x === here.x && place.y > here.y).map(([other]) => other),
    }[event.key];
    if (!near) return;
    event.preventDefault();
    const far = (other) => Math.abs(this.places.get(other).y - here.y);
    const next = near().sort((a, b) => far(a) - far(b))[0];
    const node = next && this.sheet.querySelector(`[data-id="${CSS.escape(next)}"]`);
    if (!node) return;
    node.focus({ preventScroll: true });
    this.#reveal(this.places.get(next));
  }

  #reveal({ x, y }) {
    const { clientWidth, clientHeight } = this.canvas;
    const [left, top] = [this.x + x * this.scale, this.y + y * this.scale];
    const right = left + NODE.width * this.scale;
    const bottom = top + NODE.height * this.scale;
    this.x += Math.max(0, 20 - left) - Math.max(0, right + 20 - clientWidth);
    this.y += Math.max(0, 20 - top) - Math.max(0, bottom + 20 - clientHeight);
    this.#move();
  }
}

/** One line between two assets, whatever number of slots it fills. */
function mergeEdges(edges) {
  const found = new Map();
  for (const { parent, child, slot } of edges) {
    const key = `${parent} ${child}`;
    if (!found.has(key)) found.set(key, { parent, child, slots: [] });
    const { slots } = found.get(key);
    if (!slots.includes(slot)) slots.push(slot);
  }
  return [...found.values()];
}

customElements.define("studio-lineage", StudioLineage);
