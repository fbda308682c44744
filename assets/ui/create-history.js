// What was written in a prompt before, kept in the browser.

import { StudioElement, h, t } from "./core.js";
import { setText } from "./create-form.js";
import { state } from "./create-state.js";
import { icon } from "./shell-icons.js";

const LONGEST = 30;
const KEY = "studio-prompts";

const read = () => {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
};

/** Remember the prompts of a call that was queued. */
export function rememberPrompts(fields, params) {
  const texts = fields.filter((field) => field.widget === "prompt").map((field) => params[field.name]?.trim()).filter(Boolean);
  if (texts.length) localStorage.setItem(KEY, JSON.stringify([...new Set([...texts, ...read()])].slice(0, LONGEST)));
}

class History extends StudioElement {
  render() {
    const list = h("div", { class: "s-history-list", hidden: true });
    const button = h("button", { type: "button", class: "s-link", "aria-expanded": "false", onclick: () => {
      list.hidden = !list.hidden;
      button.setAttribute("aria-expanded", String(!list.hidden));
      list.replaceChildren(...this.#buildRows(list));
    } }, icon("clock"), t("Earlier prompts"));
    this.replaceChildren(button, list);
  }

  #buildRows(list) {
    const texts = read();
    if (!texts.length) return [h("p", { class: "s-slot-note" }, t("What you generate with is remembered here, in this browser."))];
    return texts.map((text) => h("button", { type: "button", class: "s-history-row", onclick: () => {
      setText(document.getElementById(`field-${this.getAttribute("field")}`), text);
      state.changed();
      list.hidden = true;
    } }, text));
  }
}

customElements.define("studio-history", History);
