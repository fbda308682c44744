// <studio-library>: everything that was made or imported; find it, look at it, put it in order.

import { go, h, StudioElement, t } from "./core.js";
import "./compare.js";
import { Importer } from "./import.js";
import { Actions } from "./library-actions.js";
import { Bulk } from "./library-bulk.js";
import { Filters } from "./library-filters.js";
import { Gestures } from "./library-gestures.js";
import { Grid } from "./library-grid.js";
import { icon } from "./library-icons.js";
import { Over } from "./library-over.js";
import { buildAddress, dropChip, emptyQuery, isPlain, listChips, readAddress } from "./library-query.js";
import { Selection } from "./library-selection.js";
import { Sidebar } from "./library-sidebar.js";
import { Source } from "./library-source.js";
import "./lineage.js";

const SIZE_KEY = "studio.library.size";
const SIZES = { s: "S", m: "M", l: "L" };
const PAUSE = 250; // ms to gather events

class StudioLibrary extends StudioElement {
  #timer = 0;

  render() {
    if (this.grid) return;
    this.classList.add("s-library");
    Object.assign(this, { query: emptyQuery(), view: {} });
    this.source = new Source((how, scroll) => this.#changed(how, scroll));
    this.selection = new Selection(() => this.#chosen());
    this.#build();
    this.#listen();
    const { isHere, query, view } = readAddress();
    if (isHere) Object.assign(this, { query, view });
    this.#show();
    this.source.load(this.query);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  // ---- building

  #build() {
    const { source, selection } = this;
    this.grid = new Grid(source, selection, { onmore: () => source.more(), onscroll: (top) => this.#scrolled(top) });
    this.grid.size = localStorage.getItem(SIZE_KEY) ?? "m";
    this.sidebar = new Sidebar((query) => this.ask(query), () => this.query.collection && this.reload());
    this.actions = new Actions(source, selection, () => this.reload());
    const act = {
      open: (id) => this.open(id), compare: (ids) => this.#go({ compare: ids.join(",") }), lineage: (id) => this.#go({ lineage: id }),
    };
    this.bulk = new Bulk(this.actions, this.sidebar, act);
    this.gestures = new Gestures(this.grid, {
      open: (place) => this.open(source.items[place].id),
      rate: (ids, rating) => this.actions.rate(ids, rating),
      trash: (ids) => (this.query.trashed ? this.actions.purge(ids) : this.actions.trash(ids)),
      tag: (ids) => { if (!selection.size) selection.set(ids); this.bulk.tagMenu.open(); },
      compare: (ids) => ids.length > 1 && ids.length <= 6 && act.compare(ids),
    });
    this.filters = new Filters(this.query, (query) => this.ask(query));
    this.over = new Over(source, {
      close: () => this.closeOver(), open: (id) => this.open(id), lineage: act.lineage,
      change: (id) => this.#go({ open: id }, true), more: () => source.more(),
    });
    this.state = h("div", { class: "s-lib-state" });
    this.news = h("button", { type: "button", class: "s-lib-news", onclick: () => this.admit() });
    this.news.hidden = true;
    this.day = h("div", { class: "s-lib-day", "aria-hidden": "true" });
    const main = h("div", { class: "s-lib-main" }, this.#buildHead(), this.filters.chips, h("div", { class: "s-lib-stage" }, this.grid.box, this.state, this.news), this.bulk.root);
    this.append(this.sidebar.root, main, this.over.root);
    this.importer = new Importer(this, { done: () => this.#imported(), open: (id) => this.open(id) });
    this.importer.start((target, type, heard) => this.listen(target, type, heard));
  }

  #buildHead() {
    const side = h("button", { type: "button", class: "s-icon-button s-lib-side-switch", "aria-label": t("Places"), onclick: () => this.sidebar.root.classList.toggle("s-lib-open") }, icon("menu"));
    this.sizes = h("div", { class: "s-lib-sizes", role: "group", "aria-label": t("Size of the pictures") },
      Object.entries(SIZES).map(([size, text]) => h("button", { type: "button", "data-size": size, "aria-label": t("Size {size}", { size: text }), onclick: () => this.resize(size) }, text)));
    const importButton = h("button", { type: "button", class: "s-button s-primary", onclick: () => this.importer.files.click() }, icon("upload"), h("span", {}, t("Import")));
    const folderButton = h("button", { type: "button", class: "s-icon-button", "aria-label": t("Import a folder"), title: t("Import a folder"), onclick: () => this.importer.folder.click() }, icon("folder"));
    return h("div", { class: "s-lib-head" },
      h("div", { class: "s-lib-head-row" }, side, this.filters.search, this.filters.count, h("span", { class: "s-lib-grow" }), this.sizes, folderButton, importButton),
      this.filters.bar);
  }

  #listen() {
    this.listen(window, "hashchange", () => this.#followAddress());
    this.listen(window, "popstate", () => this.#followAddress());
    this.listen(window, "resize", () => this.#fit());
    this.listen(document, "keydown", (event) => this.#pressed(event));
    this.listen(document, "studio:key", (event) => this.#asked(event));
    this.listen(this, "s-rated", ({ detail }) => this.source.edit(detail.ids, (item) => { item.rating = detail.rating; }));
    this.listen(this, "s-edited", ({ detail: { asset } }) => this.source.edit([asset.id], (item) => Object.assign(item, { title: asset.title, rating: asset.rating, tags: asset.tags })));
    this.listen(this, "s-trashed", ({ detail }) => this.#left(detail.ids));
    this.listen(this, "s-restored", () => this.reload());
    this.follow("asset", () => this.#looked());
    this.follow("reset", () => this.#looked());
    const watch = new IntersectionObserver(([entry]) => entry.isIntersecting && this.#entered());
    watch.observe(this);
  }

  // ---- the address

  get isShown() {
    return this.offsetParent !== null;
  }

  /** The tab was opened: the address says again what is looked for. */
  #entered() {
    this.#fit();
    const { isHere, query, view } = readAddress();
    if (!isHere) return;
    const isBare = buildAddress(query, view) === "#library";
    if (isBare) history.replaceState(history.state, "", buildAddress(this.query, this.view));
    else this.#followAddress();
    this.#looked();
  }

  #followAddress() {
    const { isHere, query, view } = readAddress();
    if (!isHere) return;
    const isSame = buildAddress(query) === buildAddress(this.query);
    Object.assign(this, { query, view });
    if (!isSame) this.selection.clear();
    this.#show();
    if (!isSame) this.source.load(query, { scroll: this.grid.box.scrollTop });
  }

  /** Look for something else. */
  ask(query) {
    if (buildAddress(query) === buildAddress(this.query)) return;
    this.query = query;
    this.view = {};
    history.replaceState(history.state, "", buildAddress(query));
    this.selection.clear();
    this.#show();
    this.source.load(query, { scroll: this.grid.box.scrollTop });
  }

  #go(view, isStep = false) {
    this.view = view;
    const address = buildAddress(this.query, view);
    if (isStep) history.replaceState(history.state, "", address);
    else history.pushState({ library: true }, "", address);
    this.#show();
  }

  open(id) {
    this.#go({ open: id }, Boolean(this.view.open));
  }

  closeOver() {
    if (history.state?.library) history.back();
    else this.#go({}, true);
  }

  #show() {
    this.filters.show(this.query);
    this.sidebar.show(this.query);
    this.bulk.update(this.query);
    const left = this.over.isOpen && !Object.keys(this.view).length ? this.over.value.split(",")[0] : "";
    this.over.show(this.view);
    this.classList.toggle("s-lib-covered", this.over.isOpen);
    for (const part of [this.sidebar.root, this.querySelector(".s-lib-main")]) part.inert = this.over.isOpen;
    if (left) this.grid.moveTo(this.source.places.get(left) ?? this.grid.active);
  }

  // ---- the list

  #changed(how, scroll = 0) {
    if (how === "new") {
      this.grid.active = 0;
      this.grid.rebuild({ scroll });
    } else if (how === "more") this.grid.extend();
    else if (how === "held") this.#showNews();
    else if (how === "edit") {
      this.grid.rebuild();
      this.grid.refill();
    }
    if (how !== "held") this.news.hidden = !this.source.held.length;
    this.filters.showCount(this.source);
    this.over.refresh();
    this.#showState();
    if (how === "edit") this.#chosen();
  }

  #showState() {
    const { source, state } = this;
    this.classList.toggle("s-lib-loading", source.isLoading);
    const isEmpty = source.isFresh && !source.items.length && !source.isLoading;
    state.hidden = !isEmpty && !source.error;
    this.grid.box.classList.toggle("s-lib-none", isEmpty);
    if (source.error) state.replaceChildren(...this.#buildError(source.error));
    else if (isEmpty && this.query.trashed && isPlain(this.query)) state.replaceChildren(...buildWord("trash", t("The trash is empty"), t("What you trash stays here until you delete it for ever.")));
    else if (isEmpty && isPlain(this.query)) state.replaceChildren(...this.#buildWelcome());
    else if (isEmpty) state.replaceChildren(...this.#buildNothing());
  }

  #buildError(error) {
    return [...buildWord("warn", t("The library could not be read"), error.message), h("button", { type: "button", class: "s-button s-primary", onclick: () => this.source.retry() }, t("Try again"))];
  }

  #buildWelcome() {
    return [
      ...buildWord("all", t("Your library is empty"), t("Everything you make appears here by itself. You can also bring what you have: drop files or folders anywhere on this page, or paste a picture.")),
      h("div", { class: "s-lib-state-row" },
        h("button", { type: "button", class: "s-button s-primary", onclick: () => go("create") }, t("Make something")),
        h("button", { type: "button", class: "s-button", onclick: () => this.importer.files.click() }, t("Import files"))),
    ];
  }

  #buildNothing() {
    const chips = listChips(this.query, this.filters.titles).filter((chip) => chip.name !== "trashed");
    const drop = (chip) => h("button", { type: "button", class: "s-button", onclick: () => this.ask(dropChip(this.query, chip)) }, t("Without {filter}", { filter: chip.text }));
    return [
      ...buildWord("search", t("Nothing is like this"), chips.length > 1 ? t("Everything asked for must hold at once. Leave something out:") : t("Try the beginning of another word, or leave it out:")),
      h("div", { class: "s-lib-state-row" }, chips.length > 1 && chips.map(drop), h("button", { type: "button", class: "s-button s-primary", onclick: () => this.filters.clear() }, t("Show everything"))),
    ];
  }

  #chosen() {
    this.grid.paint();
    this.bulk.update(this.query);
  }

  /** Assets are gone from the list: what is open makes way for its neighbour. */
  #left(ids) {
    const { items, places } = this.source;
    const place = places.get(this.view.open);
    const next = place === undefined ? null : items[place + 1] ?? items[place - 1];
    this.source.remove(ids);
    this.selection.remove(ids);
    if (this.view.open && next && ids.includes(this.view.open)) this.#go({ open: next.id }, true);
    else if (this.view.compare || !next) this.closeOver();
  }

  async reload() {
    const { scrollTop } = this.grid.box;
    this.source.forget();
    await this.source.load(this.query);
    this.grid.box.scrollTop = scrollTop;
    this.sidebar.load();
  }

  // ---- what is new

  #looked() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.isShown && this.source.isFresh && !this.source.isLoading && this.source.look(), PAUSE);
  }

  #showNews() {
    if (this.grid.box.scrollTop < 4 && !this.over.isOpen && !this.source.isGap) {
      this.admit();
      return;
    }
    const count = this.source.held.length;
    this.news.textContent = this.source.isGap ? t("Many new assets") : count === 1 ? t("1 new asset") : t("{count} new assets", { count });
    this.news.hidden = false;
  }

  /** Let what is new in at the top. */
  admit() {
    this.news.hidden = true;
    if (!this.source.admit()) this.reload();
    else this.#changed("edit");
    this.grid.box.scrollTop = 0;
  }

  #scrolled(top) {
    if (top < 4 && this.source.held.length && !this.source.isGap) this.admit();
  }

  async #imported() {
    this.grid.box.scrollTop = 0;
    await this.source.look();
    this.sidebar.load();
  }

  // ---- keys and size

  #pressed(event) {
    if (!this.isShown || event.defaultPrevented || document.querySelector("dialog[open], [popover]:popover-open")) return;
    const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "Escape" && this.#escape(isTyping)) event.preventDefault();
    if (event.key === "ArrowDown" && event.target === this.filters.input) {
      event.preventDefault();
      this.grid.moveTo(0);
    }
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !this.view.open) return;
    const step = { ArrowLeft: -1, ArrowRight: 1, j: 1, k: -1 }[event.key];
    if (!step || event.target.closest?.("[role=slider], [role=tablist], [role=radiogroup], audio, video")) return;
    event.preventDefault();
    this.over.step(step);
  }

  #escape(isTyping) {
    if (isTyping && isTyping !== this.filters.input) return false;
    if (isTyping && isTyping.value) this.ask({ ...this.query, text: "" });
    else if (isTyping) this.grid.moveTo(this.grid.active);
    else if (this.over.isOpen) this.closeOver();
    else if (this.selection.size) this.selection.clear();
    else return false;
    if (isTyping) isTyping.value = "";
    return true;
  }

  /** What the keyboard of the page asks for. */
  #asked(event) {
    if (!this.isShown) return;
    const { action, rating } = event.detail;
    if (action === "search" && !this.over.isOpen) this.filters.input.select();
    else if (action === "rate" && !this.over.isOpen && this.selection.size) this.actions.rate([...this.selection.ids], rating);
    else return;
    event.preventDefault();
  }

  resize(size) {
    localStorage.setItem(SIZE_KEY, size);
    const { layout, box } = this.grid;
    const place = layout?.rows[layout.findRow(box.scrollTop)]?.from ?? 0;
    this.grid.size = size;
    this.grid.rebuild();
    if (place > 0) this.grid.box.scrollTop = this.grid.layout.rows[this.grid.layout.rowOf(place)].top;
    this.#showSize();
  }

  #showSize() {
    for (const button of this.sizes.children) button.setAttribute("aria-pressed", String(button.dataset.size === this.grid.size));
  }

  /** The library fills the window from where it begins. */
  #fit() {
    if (!this.isShown) return;
    const top = this.getBoundingClientRect().top + window.scrollY;
    this.style.setProperty("--top", `${Math.max(0, Math.round(top))}px`);
    this.#showSize();
  }
}

function buildWord(name, title, text) {
  return [icon(name), h("h2", {}, title), h("p", {}, text)];
}

customElements.define("studio-library", StudioLibrary);
