// A run: its steps live, and what it made as a board.

import { api, attempt, go, h, t, thumbnailUrl } from "./core.js";
import { buildReason, button, emptyState, fill, formatDuration, formatTime, statusBadge, throttle } from "./queue-format.js";
import { openResult } from "./queue-result.js";
import { buildSteps } from "./pipelines-steps.js";
import { nameOf } from "./viewer-details.js";

const SHOWN = 60;

export class Board {
  #run = null;
  #open = new Set();
  #fresh = throttle(() => this.#load(), 1000);

  constructor(id) {
    this.id = id;
    this.head = h("div", { class: "s-p-top" });
    this.steps = h("div", {});
    this.results = h("div", { class: "s-p-board" });
    this.element = h("div", { class: "s-p-view", "data-run": id }, this.head, this.steps, this.results);
    this.#load();
  }

  hear(type, event) {
    if (type === "run" ? event.id === this.id : this.#run?.status === "running") this.#fresh();
  }

  refresh() {
    this.#fresh();
  }

  close() {
    this.#fresh.stop();
  }

  async #load() {
    const run = await attempt(() => api.get(`runs/${this.id}`));
    if (!run) return;
    this.#run = run;
    this.#drawHead();
    this.steps.replaceChildren(buildSteps(run.steps));
    this.#drawResults();
  }

  #drawHead() {
    const run = this.#run;
    const isLive = run.status === "running";
    const rest = [formatTime(run.created), run.ended ? t("took {duration}", { duration: formatDuration(run.ended - run.created) }) : "", t("seed {seed}", { seed: run.seed })];
    fill(this.head,
      h("div", { class: "s-q-line" },
        h("div", {}, h("h2", { class: "s-p-title" }, run.title), h("div", { class: "s-q-row" }, statusBadge(run.status), h("span", { class: "s-q-muted" }, rest.filter(Boolean).join(" · ")))),
        h("div", { class: "s-q-row" },
          isLive ? button(t("Cancel"), () => attempt(() => api.post(`runs/${run.id}/cancel`)), { sign: "close", kind: "s-danger" }) : null,
          button(isLive ? t("Run another") : t("Run again"), () => go("pipelines", { name: run.pipeline, again: run.id }), { sign: "again" }))),
      run.error ? h("div", { class: "s-q-error", role: "alert" }, h("strong", {}, t("What went wrong")), ...buildReason(run.error), h("p", { class: "s-q-remedy" }, t("What was made is kept. Run it again with the same seed and only what is missing is made."))) : null);
  }

  #drawResults() {
    const made = this.#run.steps.filter((step) => step.assets.length).reverse();
    const key = made.map((step) => `${step.name}${step.assets.length}`).join();
    if (this.results.dataset.key === key && key) return;
    this.results.dataset.key = key;
    if (!made.length) {
      this.results.replaceChildren(emptyState("layers", t("No result yet"), t("Results appear here as soon as the first step has one, the last step's on top.")));
      return;
    }
    this.results.replaceChildren(...made.map((step) => this.#buildStep(step)));
  }

  #buildStep(step) {
    const shown = this.#open.has(step.name) ? step.assets : step.assets.slice(0, SHOWN);
    const left = step.assets.length - shown.length;
    const more = () => { this.#open.add(step.name); this.results.dataset.key = ""; this.#drawResults(); };
    return h("section", { "aria-label": step.name },
      h("h3", { class: "s-q-title" }, nameOf(step.name), h("span", { class: "s-q-count" }, step.assets.length)),
      h("div", { class: "s-p-grid" }, ...shown.map((id, place) => h("button", { type: "button", class: "s-p-tile", "data-asset": id, "aria-label": t("Result {number} of {step}", { number: place + 1, step: step.name }), onclick: () => openResult(id, step.assets) },
        h("img", { src: thumbnailUrl(id), alt: "", loading: "lazy" })))),
      left > 0 ? button(t("Show {count} more", { count: left }), more) : null);
  }
}
