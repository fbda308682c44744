// Families as pills, generators as cards.

import { StudioElement, attempt, h, t } from "./core.js";
import { findFamily, listFamilies, nameFamily } from "./create-families.js";
import { state } from "./create-state.js";

class Chooser extends StudioElement {
  render() {
    this.listen(state, "generator", () => this.#draw());
    attempt(() => state.load()).then(() => this.#draw());
  }

  #draw() {
    if (!state.generators.length) {
      this.replaceChildren(h("div", { class: "s-empty" },
        h("h2", {}, t("Nothing can be made yet")),
        h("p", {}, t("No plugin with generators is installed. The tab System shows what is, and what failed."))));
      return;
    }
    const chosen = state.current && findFamily(state.current);
    const hadFocus = this.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const pills = listFamilies(state.generators).map((family) =>
      h("button", { type: "button", role: "tab", class: "s-pill", "data-key": family, "aria-selected": String(family === chosen),
        tabIndex: family === chosen ? 0 : -1, onclick: () => state.choose(state.findLast(family).id) }, nameFamily(family)));
    const cards = state.generators.filter((one) => findFamily(one) === chosen).map((one) => this.#buildCard(one));
    this.replaceChildren(
      h("div", { class: "s-pills", role: "tablist", "aria-label": t("What to make"), onkeydown: move }, pills),
      h("div", { class: "s-cards", role: "radiogroup", "aria-label": t("Generator"), onkeydown: move }, cards));
    if (hadFocus) this.querySelector(`[data-key="${CSS.escape(hadFocus)}"]`)?.focus();
  }

  #buildCard(one) {
    const isChosen = one.id === state.current?.id;
    return h("button", { type: "button", role: "radio", class: "s-card", "data-key": one.id, "aria-checked": String(isChosen),
      tabIndex: isChosen ? 0 : -1, title: one.summary, onclick: () => isChosen || state.choose(one.id) },
      h("span", { class: "s-card-title" }, one.title), h("span", { class: "s-card-summary" }, one.summary));
  }
}

/** Arrow keys walk through a group and choose, as in every tab list. */
function move(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = [...event.currentTarget.querySelectorAll("button")];
  const next = all[(all.indexOf(event.target) + step + all.length) % all.length];
  next.focus();
  next.click();
}

customElements.define("studio-chooser", Chooser);
