// The bar that appears with a choice: what can be done with it.

import { h, t } from "./core.js";
import { icon } from "./library-icons.js";
import { entry, menuButton } from "./library-popover.js";

const MOST_COMPARED = 6;

export class Bulk {
  /** `act`: compare(ids), lineage(id), open(id); `actions` does the rest; `sidebar` knows the collections. */
  constructor(actions, sidebar, act) {
    Object.assign(this, { actions, sidebar, act, isTrash: false, collection: "" });
    this.root = h("div", { class: "s-lib-bulk", role: "toolbar", "aria-label": t("With the chosen assets") });
    this.root.hidden = true;
    this.count = h("strong", { class: "s-lib-bulk-count", role: "status" });
    this.#build();
  }

  get ids() {
    return this.actions.selection.list(this.actions.source);
  }

  #build() {
    const { actions, act } = this;
    const button = (text, name, run, kind = "") => h("button", { type: "button", class: `s-button ${kind}`, title: text, onclick: run }, icon(name), h("span", {}, text));
    this.tagMenu = menuButton(t("Tag"), "tag", (panel, close) => actions.fillTags(panel, close, this.ids), { title: t("Tag (T)") });
    this.addMenu = menuButton(t("Collection"), "folder", (panel, close) => this.#fillCollections(panel, close));
    this.sendMenu = menuButton(t("Send to"), "send", (panel, close) => actions.fillTargets(panel, close, this.ids));
    this.compare = button(t("Compare"), "compare", () => act.compare(this.ids));
    this.lineage = button(t("Lineage"), "lineage", () => act.lineage(this.ids[0]));
    this.inLibrary = [
      this.#buildStars(), this.tagMenu.root, this.addMenu.root, this.compare, this.lineage, this.sendMenu.root,
      button(t("Export"), "download", () => actions.exportBundle(this.ids)),
      button(t("To the trash"), "trash", () => actions.trash(this.ids), "s-lib-quiet-danger"),
    ];
    this.inTrash = [
      button(t("Put back"), "restore", () => actions.putBack(this.ids)),
      button(t("Delete for ever"), "trash", () => actions.purge(this.ids), "s-danger"),
    ];
    const clear = h("button", { type: "button", class: "s-icon-button", "aria-label": t("Choose nothing"), title: t("Choose nothing (Esc)"), onclick: () => actions.selection.clear() }, icon("close"));
    this.root.append(clear, this.count, ...this.inLibrary, ...this.inTrash);
  }

  #buildStars() {
    const stars = h("span", { class: "s-lib-stars", role: "group", "aria-label": t("Stars") });
    for (let rating = 1; rating <= 5; rating += 1) {
      const run = () => this.actions.rate(this.ids, this.rating === rating ? 0 : rating);
      stars.append(h("button", { type: "button", "aria-label": t("Rate {count}", { count: rating }), title: t("Rate {count}", { count: rating }), onclick: run }, "★"));
    }
    this.stars = stars;
    return stars;
  }

  #fillCollections(panel, close) {
    const { ids } = this;
    const names = this.sidebar.collections.map((one) => entry(one.name, () => { close(); this.sidebar.add(one.name, ids); }, { iconName: "folder", count: one.count }));
    panel.append(entry(t("New collection"), () => { close(); this.sidebar.create(ids); }, { iconName: "plus" }), ...names);
    if (this.collection) {
      panel.append(h("hr"), entry(t("Take out of “{name}”", { name: this.collection }), () => { close(); this.actions.removeFrom(this.collection, ids); }, { iconName: "close" }));
    }
  }

  /** Follow the choice. */
  update(query) {
    const { selection, source } = this.actions;
    this.isTrash = Boolean(query.trashed);
    this.collection = query.collection;
    this.root.hidden = selection.size === 0;
    this.count.textContent = t("{count} chosen", { count: selection.size.toLocaleString() });
    for (const one of this.inLibrary) one.hidden = this.isTrash;
    for (const one of this.inTrash) one.hidden = !this.isTrash;
    this.compare.hidden ||= selection.size < 2 || selection.size > MOST_COMPARED;
    this.lineage.hidden ||= selection.size !== 1;
    const ratings = new Set([...selection.ids].slice(0, 1000).map((id) => source.get(id)?.rating ?? 0));
    this.rating = ratings.size === 1 ? [...ratings][0] : 0;
    [...this.stars.children].forEach((star, place) => star.classList.toggle("s-on", place < this.rating));
  }
}
