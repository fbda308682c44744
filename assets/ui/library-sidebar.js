// The side of the library: places (all, trash), kinds, collections. Assets can be dropped on a collection.

import { api, attempt, h, t, toast } from "./core.js";
import { postMany } from "./library-actions.js";
import { DRAG_TYPE } from "./library-gestures.js";
import { icon } from "./library-icons.js";
import { askText, confirmAction, entry, menuButton } from "./library-popover.js";
import { emptyQuery, KINDS, nameKinds } from "./library-query.js";

const EMPTY_KEY = "studio.library.collections";

/** Collections that have no asset yet: the server knows only those that have. */
const readEmpty = () => JSON.parse(localStorage.getItem(EMPTY_KEY) ?? "[]");
const writeEmpty = (names) => localStorage.setItem(EMPTY_KEY, JSON.stringify(names));

export class Sidebar {
  /** `ask(query)` shows another place; `changed()` is told when assets were put elsewhere. */
  constructor(ask, changed) {
    Object.assign(this, { ask, changed, query: emptyQuery(), collections: [] });
    this.places = h("div", { class: "s-lib-side-list" });
    this.list = h("div", { class: "s-lib-side-list" });
    this.root = h("nav", { class: "s-lib-side", "aria-label": t("Places") },
      this.places,
      h("div", { class: "s-lib-side-head" }, h("h3", {}, t("Collections")),
        h("button", { type: "button", class: "s-icon-button", "aria-label": t("New collection"), title: t("New collection"), onclick: () => this.create() }, icon("plus"))),
      this.list);
    this.load();
  }

  async load() {
    const found = await attempt(() => api.get("collections"));
    if (!found) return;
    writeEmpty(readEmpty().filter((name) => !found.items.some((one) => isSame(one.name, name))));
    this.collections = [...found.items, ...readEmpty().map((name) => ({ name, count: 0 }))];
    this.collections.sort((a, b) => a.name.localeCompare(b.name));
    this.show(this.query);
  }

  show(query) {
    this.query = query;
    const isAll = !query.trashed && !query.collection;
    const place = (text, iconName, isOn, part) => {
      const button = entry(text, () => this.#choose(part), { isOn, iconName });
      button.classList.add("s-lib-spot");
      if (isOn) button.setAttribute("aria-current", "page");
      return button;
    };
    this.places.replaceChildren(
      place(nameKinds(""), "all", isAll && !query.kind, { kind: "", collection: "", trashed: "" }),
      ...KINDS.map((kind) => place(nameKinds(kind), kind, isAll && query.kind === kind, { kind, collection: "", trashed: "" })),
      h("hr"),
      place(t("Trash"), "trash", Boolean(query.trashed), { ...emptyQuery(), trashed: "1" }));
    const hint = h("p", { class: "s-lib-quiet" }, t("Choose assets, then add them to a collection: a mood board, a level, a client."));
    this.list.replaceChildren(...(this.collections.length ? this.collections.map((one) => this.#buildCollection(one)) : [hint]));
  }

  #choose(part) {
    this.root.classList.remove("s-lib-open");
    this.ask({ ...this.query, ...part });
  }

  #buildCollection({ name, count }) {
    const isOn = isSame(this.query.collection, name);
    const open = entry(name, () => this.#choose({ collection: isOn ? "" : name, trashed: "", kind: "" }), { isOn, iconName: "folder", count });
    const more = menuButton(t("Collection {name}", { name }), "", (panel, close) => panel.append(
      entry(t("Rename"), () => { close(); this.rename(name); }, { iconName: "pencil" }),
      entry(t("Delete, keep the assets"), () => { close(); this.delete(name); }, { iconName: "trash" })));
    more.button.classList.add("s-lib-more");
    const row = h("div", { class: "s-lib-collection", "data-collection": name.toLowerCase() }, open, more.root);
    row.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes(DRAG_TYPE)) return;
      event.preventDefault();
      row.classList.add("s-lib-over");
    });
    row.addEventListener("dragleave", () => row.classList.remove("s-lib-over"));
    row.addEventListener("drop", (event) => {
      row.classList.remove("s-lib-over");
      const ids = event.dataTransfer.getData(DRAG_TYPE);
      if (!ids) return;
      event.preventDefault();
      this.add(name, JSON.parse(ids));
    });
    return row;
  }

  /** Put assets into a collection. */
  async add(name, ids) {
    const done = await attempt(() => postMany(`collections/${encodeURIComponent(name)}/add`, ids));
    if (done === undefined) return;
    toast(t("{count} assets are in “{name}”", { count: ids.length, name }));
    await this.load();
    this.changed("collection");
  }

  async create(ids = []) {
    const name = cleanName(await askText(t("Name of the new collection"), t("Create")));
    if (!name) return;
    if (ids.length) {
      await this.add(name, ids);
      return;
    }
    if (!this.collections.some((one) => isSame(one.name, name))) writeEmpty([...readEmpty(), name]);
    await this.load();
  }

  async rename(name) {
    const next = cleanName(await askText(t("New name of “{name}”", { name }), t("Rename"), name));
    if (!next || next === name) return;
    await attempt(async () => {
      await api.post(`collections/${encodeURIComponent(name)}/rename`, { name: next });
      writeEmpty([...readEmpty().filter((one) => !isSame(one, name)), next]);
      await this.load();
      if (isSame(this.query.collection, name)) this.ask({ ...this.query, collection: next });
    });
  }

  async delete(name) {
    if (!await confirmAction(t("Delete the collection “{name}”? Its assets stay in the library.", { name }), t("Delete"))) return;
    await attempt(async () => {
      await api.delete(`collections/${encodeURIComponent(name)}`);
      writeEmpty(readEmpty().filter((one) => !isSame(one, name)));
      await this.load();
      if (isSame(this.query.collection, name)) this.ask({ ...this.query, collection: "" });
    });
  }
}

/** Single spaces; a slash would end its name in an address. Capitals are for the eye alone. */
const cleanName = (name) => (name ?? "").replace(/[/\\\s]+/g, " ").trim();

/** Whether two names mean one collection. */
const isSame = (one, other) => (one ?? "").toLowerCase() === (other ?? "").toLowerCase();
