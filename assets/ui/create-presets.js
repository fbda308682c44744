// Presets of a generator: take, save, delete, share as text.

import { StudioElement, api, attempt, h, t, toast } from "./core.js";
import { askPreset } from "./create-share.js";
import { state } from "./create-state.js";
import { icon } from "./shell-icons.js";

class Presets extends StudioElement {
  #items = [];

  render() {
    this.listen(state, "generator", () => this.#read());
    if (state.current) this.#read();
  }

  async #read() {
    const id = state.current.id;
    const { items } = await api.get("presets", { generator: id }).catch(() => ({ items: [] }));
    if (id !== state.current.id) return;
    this.#items = items;
    this.#draw();
  }

  #draw(chosen = "") {
    const select = h("select", { class: "s-input", "aria-label": t("Preset"), onchange: () => this.#take(select.value) },
      h("option", { value: "" }, this.#items.length ? t("Preset…") : t("No presets yet")),
      this.#items.map((one) => h("option", { value: one.name, title: one.summary, selected: one.name === chosen }, one.title)));
    const one = this.#items.find((item) => item.name === chosen);
    const actions = [
      [t("Save these settings…"), () => this.#save()],
      [t("Copy as text to share"), () => this.#share(one)],
      [t("Add from text…"), () => this.#add()],
      one?.source === "user" ? [t("Delete “{title}”", { title: one.title }), () => this.#delete(one)] : null,
      [t("Back to the defaults"), () => this.#reset()],
    ].filter(Boolean);
    this.replaceChildren(h("div", { class: "s-presets" }, select, buildMenu(t("Presets: more"), actions)),
      one?.summary ? h("p", { class: "s-slot-note" }, one.summary) : "");
  }

  #take(name) {
    const one = this.#items.find((item) => item.name === name);
    if (one) this.#fill({ ...getDefaults(), ...one.params });
    this.#draw(name);
  }

  #fill(params) {
    state.set({ params });
    state.render();
  }

  #reset() {
    this.#fill(getDefaults());
    this.#draw();
  }

  async #save() {
    const title = await askText(t("Save as a preset"), t("Name"));
    if (!title) return;
    await attempt(async () => {
      const name = title.trim().toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "preset";
      await api.put(`presets/${encodeURIComponent(state.current.id)}/${encodeURIComponent(name)}`, { params: state.draft.params, title });
      await this.#read();
      this.#draw(this.#items.find((item) => item.title === title)?.name);
      toast(t("Saved as “{title}”", { title }));
    });
  }

  /** Take over what was pasted, and open the first of it, whichever generator it is for. */
  async #add() {
    const kept = await askPreset();
    if (!kept) return;
    const [first] = kept;
    toast(t("Saved as “{title}”", { title: kept.map((one) => one.title).join(", ") }));
    if (first.generator !== state.current.id) {
      if (state.find(first.generator)) state.choose(first.generator, { params: first.params });
      return;
    }
    await this.#read();
    this.#take(first.name);
  }

  async #delete(one) {
    await attempt(() => api.delete(`presets/${encodeURIComponent(one.generator)}/${encodeURIComponent(one.name)}`));
    await this.#read();
  }

  async #share(one) {
    const preset = one ?? { name: "mine", title: "Mine", summary: "", params: state.draft.params };
    await attempt(async () => {
      await navigator.clipboard.writeText(formatPreset({ ...preset, generator: state.current.id }));
      toast(t("Copied. It is the text of a preset file."));
    });
  }
}

const getDefaults = () => Object.fromEntries(state.fields.filter((field) => field.default !== null).map((field) => [field.name, field.default]));

/** A preset as the text of a TOML file. */
export function formatPreset({ name, generator, title, summary, params }) {
  const head = Object.entries({ name, generator, title, summary }).filter(([, text]) => text);
  const known = Object.entries(params).filter(([, value]) => value !== null && value !== undefined);
  const line = ([key, value]) => `${/^[\w-]+$/.test(key) ? key : JSON.stringify(key)} = ${formatValue(value)}`;
  return ["[[presets]]", ...head.map(line), "[presets.params]", ...known.map(line), ""].join("\n");
}

function formatValue(value) {
  if (Array.isArray(value)) return `[${value.map(formatValue).join(", ")}]`;
  if (value && typeof value === "object") return `{ ${Object.entries(value).map(([key, one]) => `${JSON.stringify(key)} = ${formatValue(one)}`).join(", ")} }`;
  return JSON.stringify(value);
}

/** A button that opens a list of actions: [[text, run], ...]. */
export function buildMenu(name, actions) {
  const list = h("div", { class: "s-menu", role: "menu", hidden: true });
  const button = h("button", { type: "button", class: "s-icon-button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": name, title: name }, icon("more"));
  const close = () => {
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
  };
  list.append(...actions.map(([text, run]) => h("button", { type: "button", role: "menuitem", onclick: () => { close(); run(); } }, text)));
  button.addEventListener("click", () => {
    list.hidden = !list.hidden;
    button.setAttribute("aria-expanded", String(!list.hidden));
    if (!list.hidden) list.firstElementChild.focus();
  });
  const box = h("div", { class: "s-menu-box" }, button, list);
  box.addEventListener("focusout", (event) => box.contains(event.relatedTarget) || close());
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); close(); button.focus(); }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || list.hidden) return;
    event.preventDefault();
    const items = [...list.children];
    items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
  });
  return box;
}

/** Ask for a line of text; "" if it was given up. */
export function askText(title, label, value = "") {
  return new Promise((resolve) => {
    const input = h("input", { class: "s-input", "aria-label": label, placeholder: label, value, maxLength: 60, autofocus: "" });
    let answer = "";
    const form = h("form", { method: "dialog", onsubmit: () => { answer = input.value; } }, h("h2", {}, title), input,
      h("div", { class: "s-dialog-actions" }, h("button", { type: "button", class: "s-button", onclick: () => dialog.close() }, t("Not now")), h("button", { class: "s-button s-primary" }, t("Save"))));
    const dialog = h("dialog", { class: "s-dialog", "aria-label": title, onclose: () => { dialog.remove(); resolve(answer); } }, form);
    document.body.append(dialog);
    dialog.showModal();
  });
}

customElements.define("studio-presets", Presets);
