// What lies over the grid: an opened asset with the way to its neighbours, a comparison, a lineage.

import { h, t } from "./core.js";
import { icon } from "./library-icons.js";

export class Over {
  /** `act`: close(), open(id), lineage(id), change(id), more(); `source` is the list to go through. */
  constructor(source, act) {
    Object.assign(this, { source, act, kind: "", value: "" });
    this.title = h("h2", { class: "s-lib-over-title", dir: "auto", tabindex: "-1" });
    this.place = h("span", { class: "s-lib-over-place", role: "status" });
    this.back = h("button", { type: "button", class: "s-button", onclick: () => act.close() }, icon("left"), h("span", {}, t("Library")));
    this.steps = h("span", { class: "s-lib-over-steps" }, this.#buildStep("left", t("Previous"), -1), this.place, this.#buildStep("right", t("Next"), 1));
    this.lineage = h("button", { type: "button", class: "s-button", onclick: () => act.lineage(this.value) }, icon("lineage"), h("span", {}, t("Lineage")));
    this.asset = h("button", { type: "button", class: "s-button", onclick: () => act.open(this.value) }, icon("image"), h("span", {}, t("Open")));
    this.body = h("div", { class: "s-lib-over-body", "data-leads": "" });
    this.root = h("section", { class: "s-lib-over", "aria-label": t("Details") }, h("header", {}, this.back, this.title, this.steps, this.asset, this.lineage), this.body);
    this.root.hidden = true;
    this.body.addEventListener("s-open", (event) => { event.preventDefault(); act.open(event.detail.id); });
  }

  #buildStep(name, label, step) {
    return h("button", { type: "button", class: "s-icon-button", "aria-label": label, title: label, onclick: () => this.step(step) }, icon(name));
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** Show what the address asks for: {open}, {compare} or {lineage}; nothing hides it. */
  show(view) {
    const [kind, value] = Object.entries(view)[0] ?? ["", ""];
    if (kind === this.kind && value === this.value) return;
    const wasOpen = this.isOpen;
    Object.assign(this, { kind, value });
    this.root.hidden = !kind;
    this.steps.hidden = this.lineage.hidden = kind !== "open";
    this.asset.hidden = kind !== "lineage";
    this.title.textContent = { compare: t("Compare"), lineage: t("Lineage") }[kind] ?? "";
    if (!kind) this.body.replaceChildren();
    else this.#fill();
    this.refresh();
    if (kind && !wasOpen) this.title.focus({ preventScroll: true });
  }

  #fill() {
    const [tag, name] = { open: ["studio-viewer", "asset"], compare: ["studio-compare", "ids"], lineage: ["studio-lineage", "asset"] }[this.kind];
    const there = this.body.firstElementChild;
    if (there?.localName === tag) there.setAttribute(name, this.value);
    else this.body.replaceChildren(h(tag, { [name]: this.value }));
  }

  /** The list changed: say where in it the asset is. */
  refresh() {
    if (this.kind !== "open") return;
    const place = this.source.places.get(this.value);
    const total = Math.max(this.source.total ?? 0, this.source.items.length);
    this.place.textContent = place === undefined ? "" : t("{place} of {total}", { place: (place + 1).toLocaleString(), total: total.toLocaleString() });
    this.steps.firstChild.disabled = !(place > 0);
    this.steps.lastChild.disabled = place === undefined || place >= this.source.items.length - 1;
    if (place !== undefined && place > this.source.items.length - 10) this.act.more();
  }

  /** Go to a neighbour in the list. */
  step(step) {
    const place = this.source.places.get(this.value);
    const next = place === undefined ? undefined : this.source.items[place + step];
    if (next) this.act.change(next.id);
  }
}
