// The head of the library: search, filters, what is asked for as chips, how much is found.

import { api, attempt, h, t } from "./core.js";
import { icon } from "./library-icons.js";
import { entry, menuButton } from "./library-popover.js";
import { COLOURS, dropChip, emptyQuery, isPlain, listChips, nameColour, writeDay } from "./library-query.js";

const PAUSE = 160; // ms after the last letter

export class Filters {
  #timer = 0;
  titles = {};

  /** `ask(query)` looks for something else; `query` is what is asked for now. */
  constructor(query, ask) {
    Object.assign(this, { query, ask });
    this.input = h("input", {
      type: "search", class: "s-lib-input s-lib-search-input", placeholder: t("Search titles, prompts, tags, notes"), "aria-label": t("Search the library"),
      autocomplete: "off", spellcheck: "false", dir: "auto", "aria-keyshortcuts": "/",
    });
    this.input.addEventListener("input", () => this.#typed());
    this.search = h("div", { class: "s-lib-search", role: "search" }, icon("search"), this.input, h("kbd", { "aria-hidden": "true" }, "/"));
    this.menus = {
      generator: menuButton(t("Generator"), "spark", (panel, close) => this.#fillGenerators(panel, close)),
      tag: menuButton(t("Tag"), "tag", (panel, close) => this.#fillTags(panel, close)),
      rating: menuButton(t("Rating"), "star", (panel, close) => this.#fillRatings(panel, close)),
      days: menuButton(t("Date"), "clock", (panel, close) => this.#fillDays(panel, close)),
      colour: menuButton(t("Colour"), "palette", (panel, close) => this.#fillColours(panel, close)),
    };
    this.bar = h("div", { class: "s-lib-filters", role: "group", "aria-label": t("Filters") }, Object.values(this.menus).map((menu) => menu.root));
    this.chips = h("div", { class: "s-lib-chips" });
    this.count = h("div", { class: "s-lib-count", role: "status" });
    attempt(async () => {
      const { items } = await api.get("generators");
      this.titles = Object.fromEntries(items.map((one) => [one.id, one.title || one.id]));
      this.show(this.query);
    });
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#change({ text: this.input.value }), PAUSE);
  }

  #change(part) {
    clearTimeout(this.#timer);
    this.ask({ ...this.query, text: this.input.value, ...part });
  }

  /** Show another query. */
  show(query) {
    this.query = query;
    if (document.activeElement !== this.input || !query.text) this.input.value = query.text;
    const asked = { generator: query.generator, tag: query.tag.length, rating: query.rating, days: query.after || query.before, colour: query.colour };
    for (const [name, menu] of Object.entries(this.menus)) menu.button.classList.toggle("s-on", Boolean(asked[name]));
    const chips = listChips(query, this.titles).filter((chip) => chip.name !== "trashed");
    this.chips.replaceChildren(...chips.map((chip) => this.#buildChip(chip)));
    if (chips.length > 1) this.chips.append(h("button", { type: "button", class: "s-lib-link", onclick: () => this.clear() }, t("Clear all")));
    this.chips.hidden = !chips.length;
  }

  #buildChip(chip) {
    const drop = () => { if (chip.name === "text") this.input.value = ""; this.ask(dropChip({ ...this.query, text: this.input.value }, chip)); };
    return h("span", { class: "s-lib-chip" },
      chip.name === "colour" && h("i", { class: "s-lib-swatch", style: `background:${COLOURS[chip.value]}` }),
      h("span", { dir: "auto" }, chip.text),
      h("button", { type: "button", "aria-label": t("Remove filter {name}", { name: chip.text }), onclick: drop }, icon("close")));
  }

  clear() {
    this.input.value = "";
    this.ask({ ...emptyQuery(), trashed: this.query.trashed });
  }

  /** Say how much is found. */
  showCount(source) {
    const { total } = source;
    const number = (total ?? 0).toLocaleString();
    const text = isPlain(this.query) ? t("{count} assets", { count: number }) : t("{count} found", { count: number });
    this.count.textContent = total === null ? "" : text;
  }

  // ---- what the filters offer

  async #fillGenerators(panel, close) {
    const choose = (generator) => { close(); this.#change({ generator }); };
    const found = Object.entries(this.titles).sort((a, b) => a[1].localeCompare(b[1]));
    panel.append(
      entry(t("Any generator"), () => choose(""), { isOn: !this.query.generator }),
      ...found.map(([id, title]) => entry(title, () => choose(id), { isOn: this.query.generator === id })));
  }

  #fillTags(panel, close) {
    buildTagPicker(panel, {
      skip: this.query.tag,
      choose: (tag) => { close(); this.#change({ tag: [...this.query.tag, tag] }); },
    });
  }

  #fillRatings(panel, close) {
    const choose = (rating) => { close(); this.#change({ rating }); };
    panel.append(entry(t("Any rating"), () => choose(""), { isOn: !this.query.rating }));
    for (let rating = 5; rating >= 1; rating -= 1) {
      const text = rating < 5 ? t("{stars} and up", { stars: "★".repeat(rating) }) : "★★★★★";
      panel.append(entry(text, () => choose(String(rating)), { isOn: this.query.rating === String(rating) }));
    }
  }

  #fillDays(panel, close) {
    const now = new Date();
    const back = (days) => writeDay(new Date(now.getFullYear(), now.getMonth(), now.getDate() - days));
    const choose = (after, before = "") => { close(); this.#change({ after, before }); };
    const offers = [[t("Any time"), ""], [t("Today"), back(0)], [t("Last 7 days"), back(6)], [t("Last 30 days"), back(29)], [t("Last year"), back(364)]];
    const [from, to] = ["after", "before"].map((name) => h("input", { type: "date", class: "s-lib-input", value: this.query[name], max: back(0) }));
    const done = (event) => { event.preventDefault(); choose(from.value, to.value); };
    panel.append(
      ...offers.map(([text, after]) => entry(text, () => choose(after), { isOn: this.query.after === after && !this.query.before })),
      h("form", { class: "s-lib-days", onsubmit: done },
        h("label", {}, h("span", {}, t("From")), from), h("label", {}, h("span", {}, t("To")), to),
        h("button", { type: "submit", class: "s-button" }, t("Show"))));
  }

  #fillColours(panel, close) {
    const choose = (colour) => { close(); this.#change({ colour }); };
    const swatches = Object.entries(COLOURS).map(([name, value]) => h("button", {
      type: "button", class: `s-lib-swatch-button${this.query.colour === name ? " s-on" : ""}`, "aria-label": nameColour(name), title: nameColour(name),
      "aria-pressed": String(this.query.colour === name), onclick: () => choose(name),
    }, h("i", { class: "s-lib-swatch", style: `background:${value}` })));
    panel.append(h("div", { class: "s-lib-swatches" }, swatches), entry(t("Any colour"), () => choose(""), { isOn: !this.query.colour }));
  }
}

/** A field that suggests tags; `isFree` lets new ones be made. */
export function buildTagPicker(panel, { choose, skip = [], isFree = false, note = "" }) {
  const list = h("div", { class: "s-lib-entries" });
  const input = h("input", { type: "text", class: "s-lib-input", placeholder: isFree ? t("Tag, or a new one") : t("Tag"), "aria-label": t("Tag"), autocomplete: "off", dir: "auto", "data-first": "", maxlength: "80" });
  let first = null;
  let asked = 0;
  const suggest = async () => {
    const prefix = input.value.trim();
    const now = (asked += 1);
    const found = await attempt(() => api.get("tags", { prefix, limit: 12 }));
    if (!found || now !== asked) return;
    const items = found.items.filter(({ tag }) => !skip.includes(tag)).slice(0, 12);
    const entries = items.map(({ tag, count }) => entry(tag, () => choose(tag), { count }));
    const isNew = isFree && prefix && !items.some(({ tag }) => tag === prefix.toLowerCase());
    if (isNew) entries.unshift(entry(t("New tag “{tag}”", { tag: prefix }), () => choose(prefix), { iconName: "plus" }));
    first = isNew ? prefix : items[0]?.tag;
    list.replaceChildren(...(entries.length ? entries : [h("p", { class: "s-lib-quiet" }, prefix ? t("No tag begins with that.") : t("There are no tags yet."))]));
  };
  input.addEventListener("input", suggest);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (input.value.trim() || first)) {
      event.preventDefault();
      choose(isFree ? input.value.trim() || first : first ?? input.value.trim());
    }
  });
  panel.append(input, list);
  if (note) panel.append(h("p", { class: "s-lib-quiet" }, note));
  suggest();
}
