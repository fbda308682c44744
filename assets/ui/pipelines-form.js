// A pipeline to be filled in: inputs, params (Gradio's controls, further down the page), seed, run.

import { api, attempt, go, h, t } from "./core.js";
import { SAMPLES, offersSamples } from "./create-samples.js";
import { settleSamples } from "./create-slots.js";
import { rollSeed } from "./create-state.js";
import { button, icon } from "./queue-format.js";
import { FormLink, SlotList } from "./queue-fields.js";
import { buildSteps } from "./pipelines-steps.js";

let link = null; // the controls are the page's, so there is one
let current = null;

export class FillIn {
  #pipeline = null;

  constructor(name, again) {
    this.name = name;
    this.again = again;
    this.element = h("div", { class: "s-p-view" });
    this.slots = new SlotList(h("div", { class: "s-p-slots" }), () => this.draw());
    link ??= new FormLink("#studio-pipeline-choice", "pipeline", () => current?.draw());
    current = this;
    attempt(() => this.#load());
  }

  close() {
    document.body.dataset.pipeline = "";
    if (current === this) current = null;
  }

  async #load() {
    const [pipeline, run] = await Promise.all([
      api.get(`pipelines/${this.name}`),
      this.again ? api.get(`runs/${this.again}`).catch(() => null) : null,
    ]);
    if (current !== this) return;
    this.#pipeline = pipeline;
    this.element.replaceChildren(
      h("div", { class: "s-q-line s-p-top" }, h("div", {}, h("h2", { class: "s-p-title" }, pipeline.title), h("p", { class: "s-q-muted" }, pipeline.summary)),
        button(pipeline.shipped ? t("Look inside") : t("Edit"), () => go("pipelines", { edit: this.name }), { sign: "edit" })),
      buildSteps(pipeline.steps.map((step) => ({ ...step, status: "" }))), this.slots.element);
    const first = pipeline.inputs[0];
    this.slots.draw(pipeline.inputs, run?.inputs, first && offersSamples(first) ? SAMPLES : []);
    document.body.dataset.pipeline = "form";
    link.open(this.name, run?.params ?? {});
    document.querySelector("studio-pipeline-start")?.begin(this, run?.seed ?? 0);
    this.draw();
  }

  draw() {
    document.querySelector("studio-pipeline-start")?.draw(this.slots.missing);
  }

  /** Start it; faults are said where they are. */
  async run(seed) {
    const given = this.slots.read();
    const inputs = {};
    for (const [name, ids] of Object.entries(given)) inputs[name] = await settleSamples(ids);
    try {
      const run = await api.post(`pipelines/${this.name}/runs`, { inputs, params: this.#keepSet(), seed });
      go("pipelines", { run: run.id });
      return "";
    } catch (error) {
      const field = (error.field ?? "").replace(/^(params|inputs)\./, "");
      if (field && this.slots.showFault(field, error.message)) return "";
      const left = link.showFaults([{ field, message: error.message }]);
      return left.length ? error.message : t("Look at what is marked in red");
    }
  }

  /** Params as they are in the controls; what is empty takes the pipeline's default. */
  #keepSet() {
    const known = this.#pipeline.params_schema.properties;
    return Object.fromEntries(Object.entries(link.values).filter(([name, value]) => name in known && value !== null && value !== undefined));
  }
}

/** The last line of the form: seed and start. */
class Start extends HTMLElement {
  #form = null;

  begin(form, seed) {
    this.#form = form;
    this.seed = h("input", { type: "number", min: "0", max: "4294967295", step: "1", value: String(seed), class: "s-y-field s-p-seed", id: "pipeline-seed" });
    this.note = h("p", { class: "s-q-muted", role: "status" });
    this.start = button(t("Run"), () => this.#run(), { kind: "s-primary s-p-run", sign: "play" });
    const dice = () => { this.seed.value = String(rollSeed()); };
    this.replaceChildren(h("div", { class: "s-p-start" }, this.start,
      h("label", { for: "pipeline-seed", class: "s-q-muted" }, t("Seed")), this.seed,
      h("button", { type: "button", class: "s-icon-button", title: t("Another seed"), "aria-label": t("Another seed"), onclick: dice }, icon("again")), this.note));
  }

  draw(missing) {
    if (!this.start) return;
    this.note.classList.remove("s-y-fault");
    this.note.textContent = missing.length ? t("First choose: {names}", { names: missing.map((slot) => slot.name).join(", ") }) : t("The same seed again makes only what is missing.");
    this.start.disabled = missing.length > 0;
  }

  async #run() {
    this.start.disabled = true;
    const fault = await attempt(() => this.#form.run(Number(this.seed.value)));
    this.start.disabled = false;
    if (fault) {
      this.note.textContent = fault;
      this.note.classList.add("s-y-fault");
    }
  }
}
customElements.define("studio-pipeline-start", Start);
