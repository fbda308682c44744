// Pipelines: choose one, fill it in, watch it run, look at the board, write one's own.

import { StudioElement, api, attempt, go, h, t } from "./core.js";
import "./create-slots.js";
import { button, emptyState, icon, isSeen, readParams } from "./queue-format.js";
import { Board } from "./pipelines-board.js";
import { Editor } from "./pipelines-editor.js";
import { FillIn } from "./pipelines-form.js";
import { RunList } from "./pipelines-runs.js";
import { buildSteps } from "./pipelines-steps.js";

class Pipelines extends StudioElement {
  #shown = "";
  #view = null;

  render() {
    if (this.firstChild) return;
    this.runs = new RunList();
    this.main = h("div", { class: "s-p-main" });
    this.replaceChildren(this.main);
    this.listen(window, "hashchange", () => this.#readAddress());
    this.listen(window, "popstate", () => this.#readAddress());
    this.follow("run", (event) => this.#tell("run", event));
    for (const type of ["job", "asset"]) this.follow(type, (event) => this.#tell(type, event));
    this.follow("reset", () => { this.#shown = ""; this.#readAddress(); });
    this.#readAddress();
  }

  disconnectedCallback() {
    this.#view?.close?.();
    super.disconnectedCallback();
  }

  #tell(type, event) {
    if (!isSeen(this)) return;
    this.#view?.hear?.(type, event);
    if (type === "run" && !this.#view) this.runs.refresh();
  }

  #readAddress() {
    const params = readParams("pipelines");
    if (!params) return;
    const key = JSON.stringify(params);
    if (key === this.#shown) { // back from another tab: what happened meanwhile was not heard
      if (this.#view) this.#view.refresh?.();
      else this.runs.refresh();
      return;
    }
    this.#shown = key;
    this.#view?.close?.();
    this.#view = null;
    document.body.dataset.pipeline = "";
    if (params.run) this.#show(new Board(params.run));
    else if (params.edit !== undefined) this.#show(new Editor(params.edit));
    else if (params.name) this.#show(new FillIn(params.name, params.again));
    else attempt(() => this.#drawHome());
  }

  #show(view) {
    this.#view = view;
    this.main.replaceChildren(h("nav", { "aria-label": t("Back") }, h("button", { type: "button", class: "s-button s-quiet s-p-back", onclick: () => go("pipelines") }, icon("back"), t("All pipelines"))), view.element);
  }

  async #drawHome() {
    const { items, faults } = await api.get("pipelines");
    if (this.#view) return;
    this.main.replaceChildren(
      h("div", { class: "s-q-line s-p-top" },
        h("div", {}, h("h2", { class: "s-p-title" }, t("Pipelines")), h("p", { class: "s-q-muted" }, t("Several generators in a row, as one order: choose what goes in, get everything that comes out."))),
        button(t("Write a pipeline"), () => go("pipelines", { edit: "" }), { sign: "plus" })),
      faults.length ? h("div", { class: "s-q-error" }, h("strong", {}, t("These pipelines cannot be read")), ...faults.map((fault) => h("p", {}, fault))) : "",
      items.length ? h("div", { class: "s-p-cards" }, ...items.map(buildCard)) : emptyState("steps", t("There is no pipeline"), t("Install a plugin that brings some, or write your own."), button(t("Write a pipeline"), () => go("pipelines", { edit: "" }))),
      this.runs.element);
    this.runs.refresh();
  }
}

function buildCard(pipeline) {
  return h("article", { class: "s-q-panel s-p-card", "data-pipeline": pipeline.name },
    h("div", { class: "s-q-line" }, h("h3", {}, pipeline.title), pipeline.shipped ? null : h("span", { class: "s-q-count" }, t("own"))),
    h("p", { class: "s-q-muted" }, pipeline.summary),
    buildSteps(pipeline.steps.map((step) => ({ ...step, status: "" })), { isSmall: true }),
    h("div", { class: "s-q-row" },
      button(t("Use"), () => go("pipelines", { name: pipeline.name }), { kind: "s-primary", "aria-label": t("Use {title}", { title: pipeline.title }) }),
      button(pipeline.shipped ? t("Look inside") : t("Edit"), () => go("pipelines", { edit: pipeline.name }), { sign: "edit", kind: "s-quiet", "aria-label": pipeline.shipped ? t("Look inside {title}", { title: pipeline.title }) : t("Edit {title}", { title: pipeline.title }) })));
}

customElements.define("studio-pipelines", Pipelines);
