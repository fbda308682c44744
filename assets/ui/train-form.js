// A training to be set up: dataset, other inputs, params (Gradio's controls), start.

import { api, attempt, go, h, t } from "./core.js";
import { rollSeed } from "./create-state.js";
import { button, formatBytes, formatDuration } from "./queue-format.js";
import { FormLink, SlotList } from "./queue-fields.js";
import { Dataset } from "./train-dataset.js";

const PICTURES = new Set(["image", "texture"]);
const LICENCE_PARAMS = ["licence", "license", "data_licence"];

let link = null;
let current = null;

export class TrainForm {
  #due = 0;
  #turn = 0;

  /** `params` of the address: `from`, a job to go on from; `start`, a checkpoint; `slot` and `assets`, what was sent here. */
  constructor(trainer, params) {
    this.trainer = trainer;
    this.params = params;
    this.datasets = new Map();
    this.slots = new SlotList(h("div", { class: "s-p-slots" }), () => this.changed());
    this.element = h("div", { class: "s-p-view" }, h("div", { class: "s-p-top" }, h("div", {}, h("h2", { class: "s-p-title" }, trainer.title), h("p", { class: "s-q-muted" }, trainer.summary))));
    link ??= new FormLink("#studio-train-choice", "train", () => current?.changed());
    current = this;
    attempt(() => this.#load());
  }

  close() {
    clearTimeout(this.#due);
    document.body.dataset.training = "";
    if (current === this) current = null;
  }

  async #load() {
    const before = this.params.from ? await api.get(`jobs/${this.params.from}`).catch(() => null) : null;
    if (current !== this) return;
    const isData = (slot) => slot.many && slot.kinds.some((kind) => PICTURES.has(kind));
    for (const slot of this.trainer.inputs.filter(isData)) this.datasets.set(slot.name, new Dataset(slot, () => this.changed()));
    const sent = (name) => (this.params.slot === name ? this.params.assets.split(",") : []);
    const others = this.trainer.inputs.filter((slot) => !isData(slot));
    this.slots.draw(others, before?.inputs ?? Object.fromEntries(others.map((slot) => [slot.name, sent(slot.name)])));
    this.element.append(...[...this.datasets.values()].map((dataset) => dataset.element), this.slots.element);
    document.body.dataset.training = "form";
    const params = { ...before?.params };
    const field = this.trainer.checkpoint_from[0];
    if (this.params.start && field) params[field] = this.params.start;
    link.open(this.trainer.id, params);
    document.querySelector("studio-train-start")?.begin(this, before?.seeds[0] ?? rollSeed());
    for (const [name, dataset] of this.datasets) {
      for (const id of before?.inputs[name] ?? sent(name)) await api.get(`assets/${id}`).then((asset) => dataset.assets.set(id, asset), () => {});
      dataset.draw();
    }
    this.changed();
  }

  changed() {
    clearTimeout(this.#due);
    this.#due = setTimeout(() => this.#check(), 300);
  }

  build(seed) {
    const inputs = this.slots.read();
    for (const [name, dataset] of this.datasets) if (dataset.ids.length) inputs[name] = dataset.ids;
    const known = this.trainer.params_schema.properties ?? {};
    const params = Object.fromEntries(Object.entries(link.values).filter(([name, value]) => name in known && value !== undefined));
    const licence = [...this.datasets.values()].map((dataset) => dataset.licence.value.trim()).find(Boolean);
    const field = LICENCE_PARAMS.find((name) => name in known);
    if (licence && field && !params[field]) params[field] = licence;
    return { generator: this.trainer.id, params, inputs, ...(this.trainer.seeded ? { seed } : {}) };
  }

  get tags() {
    return [...new Set([...this.datasets.values()].flatMap((dataset) => dataset.tags))];
  }

  async #check() {
    const turn = ++this.#turn;
    const bar = document.querySelector("studio-train-start");
    const answer = await api.post("jobs/check", this.build(bar?.seedValue ?? 0)).catch((error) => ({ errors: [{ place: "call", field: "", message: error.message }], estimate: null }));
    if (turn !== this.#turn || current !== this) return;
    const isWrong = Object.keys(link.broken).length > 0;
    const left = link.showFaults(answer.errors.filter((fault) => fault.place === "params"));
    const other = [...left, ...answer.errors.filter((fault) => fault.place !== "params")];
    bar?.draw(other.map((fault) => fault.message), isWrong || answer.errors.length > 0, answer.estimate);
  }

  /** Queue it; what it makes carries the dataset's tags. */
  async start(seed) {
    const ids = [...this.datasets.values()].flatMap((dataset) => dataset.ids);
    if (ids.length && this.tags.length) await api.post("assets/tag", { ids, add_tags: this.tags, remove_tags: [] });
    const { jobs } = await api.post("batches", { requests: [this.build(seed)], priority: "normal", tags: ["training", ...this.tags] });
    go("train", { job: jobs[0] });
  }
}

/** The last line of the form: what it would take, seed and start. */
class Start extends HTMLElement {
  #form = null;

  get seedValue() {
    return Number(this.seed?.value || 0);
  }

  begin(form, seed) {
    this.#form = form;
    this.seed = h("input", { type: "number", min: "0", max: "4294967295", step: "1", value: String(seed), class: "s-y-field s-p-seed", id: "train-seed" });
    this.note = h("p", { class: "s-q-muted", role: "status" });
    this.go = button(t("Start training"), () => this.#start(), { kind: "s-primary s-p-run", sign: "play" });
    this.replaceChildren(h("div", { class: "s-p-start" }, this.go, form.trainer.seeded ? h("label", { for: "train-seed", class: "s-q-muted" }, t("Seed")) : "", form.trainer.seeded ? this.seed : "", this.note));
  }

  draw(faults, isWrong, estimate) {
    if (!this.go) return;
    this.go.disabled = isWrong;
    this.note.classList.toggle("s-y-fault", faults.length > 0);
    const parts = estimate ? [estimate.measured ? t("about {duration}", { duration: formatDuration(estimate.seconds) }) : "", estimate.peak_bytes ? t("up to {size} of memory", { size: formatBytes(estimate.peak_bytes) }) : ""] : [];
    this.note.textContent = faults[0] ?? parts.filter(Boolean).join(", ");
  }

  async #start() {
    this.go.disabled = true;
    await attempt(() => this.#form.start(this.seedValue));
    this.go.disabled = false;
  }
}
customElements.define("studio-train-start", Start);
