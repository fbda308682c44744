// The inputs of a generator: each slot takes files, drops, pastes, or assets of the library.

import { StudioElement, api, h, t } from "./core.js";
import { pickAssets } from "./create-picker.js";
import { SAMPLES, buildSample, offersSamples } from "./create-samples.js";
import { showFault } from "./create-form.js";
import { state } from "./create-state.js";
import { icon } from "./shell-icons.js";
import { thumbnailUrl } from "./core.js";
import { checkSize } from "./upload-limit.js";

const TYPES = {
  image: "image/*", texture: "image/*,.zip", audio: "audio/*", score: ".mid,.midi,.musicxml,.mxl,.abc",
  text: "text/*,.txt,.md", video: "video/*", checkpoint: ".safetensors", report: ".json", archive: ".zip",
};

/** Upload files; answers the assets made of them, those of other kinds left out and said. */
export async function upload(files, kinds) {
  await checkSize(files);
  const body = new FormData();
  for (const file of files) body.append("files", file, file.name || "pasted.png");
  const { items } = await api.post("assets", body);
  for (const asset of items) state.learn(asset);
  const fitting = items.filter((asset) => kinds.includes(asset.kind));
  if (!fitting.length) throw new Error(t("This slot takes {kinds}", { kinds: kinds.map(nameKind).join(", ") }));
  return fitting;
}

export const nameKind = (kind) => ({
  image: t("a picture"), texture: t("a material"), audio: t("a sound"), score: t("a score"), text: t("a text"),
  video: t("a video"), checkpoint: t("a checkpoint"), report: t("a report"), archive: t("an archive"),
})[kind] ?? kind;

/** One slot: `slot` {name, kinds, many, optional, summary}, `value` ids; event "change" with `value`. */
export class Slot extends StudioElement {
  slotSpec = null;
  value = [];
  samples = [];
  /** Why the last upload was refused. */
  refused = "";
  #known = new Map();
  #busy = false;

  render() {
    this.id = `slot-${this.slotSpec.name}`;
    this.addEventListener("dragover", (event) => { event.preventDefault(); this.classList.add("s-is-over"); });
    this.addEventListener("dragleave", () => this.classList.remove("s-is-over"));
    this.addEventListener("drop", (event) => this.#drop(event));
    this.#draw();
    this.#learn();
  }

  /** Take ids, told from outside. */
  show(ids) {
    this.value = ids;
    this.#draw();
    this.#learn();
  }

  /** Upload files into the slot; what is refused is said beside it. */
  async take(files) {
    this.#busy = true;
    this.refused = "";
    this.#draw();
    try {
      const assets = await upload(files, this.slotSpec.kinds);
      for (const asset of assets) this.#known.set(asset.id, asset);
      this.#busy = false;
      this.#add(assets.map((asset) => asset.id));
    } catch (error) {
      this.#busy = false;
      this.refused = error.message;
      this.#draw();
    }
  }

  #add(ids) {
    const kept = this.value.filter((id) => !id.startsWith("sample:") && !ids.includes(id));
    this.#change(this.slotSpec.many ? [...kept, ...ids] : ids.slice(0, 1));
  }

  #change(ids) {
    this.value = ids;
    this.refused = "";
    this.#draw();
    this.dispatchEvent(new CustomEvent("change", { bubbles: true }));
  }

  #drop(event) {
    event.preventDefault();
    this.classList.remove("s-is-over");
    const ids = event.dataTransfer.getData("application/x-studio-assets");
    if (ids) this.#add(JSON.parse(ids));
    else if (event.dataTransfer.files.length) this.take([...event.dataTransfer.files]);
  }

  /** Read what is not known of the assets shown; one that is gone is taken out. */
  async #learn() {
    const unknown = this.value.filter((id) => !id.startsWith("sample:") && !this.#known.has(id));
    for (const id of unknown) {
      try {
        const asset = await api.get(`assets/${id}`);
        if (asset.trashed) throw new Error("trashed");
        this.#known.set(id, asset);
        state.learn(asset);
      } catch {
        this.#change(this.value.filter((one) => one !== id));
      }
    }
    if (unknown.length && this.isConnected) this.#draw();
  }

  async #pick() {
    const assets = await pickAssets(this.slotSpec);
    for (const asset of assets) {
      this.#known.set(asset.id, asset);
      state.learn(asset);
    }
    if (assets.length) this.#add(assets.map((asset) => asset.id));
  }

  #draw() {
    const { name, many, optional, summary } = this.slotSpec;
    const title = name[0].toUpperCase() + name.slice(1).replaceAll("_", " ");
    const isFull = this.value.length > 0;
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", t(title));
    this.replaceChildren(
      h("div", { class: "s-slot-head" }, h("span", { class: "s-slot-title" }, t(title)),
        optional ? h("span", { class: "s-slot-note" }, t("optional")) : null,
        summary && summary.toLowerCase() !== name ? h("span", { class: "s-slot-note" }, summary) : null),
      h("div", { class: `s-slot-body${isFull ? " s-is-full" : ""}` },
        isFull ? h("div", { class: "s-slot-items" }, this.value.map((id) => this.#buildItem(id))) : this.#buildHint(),
        h("div", { class: "s-slot-actions" },
          h("button", { type: "button", class: "s-button", onclick: () => this.#choose() }, icon("upload"), many && isFull ? t("Add file") : t("File")),
          h("button", { type: "button", class: "s-button", onclick: () => this.#pick() }, icon("grid"), t("Library")))),
      !isFull && this.samples.length ? this.#buildSamples() : "");
    showFault(this, this.refused);
  }

  #buildHint() {
    const text = this.#busy ? t("Uploading…") : t("Drop {kind} here, or paste it", { kind: this.slotSpec.kinds.map(nameKind).join(` ${t("or")} `) });
    return h("span", { class: "s-slot-hint" }, text);
  }

  #buildItem(id) {
    const sample = SAMPLES.find((one) => `sample:${one.name}` === id);
    const asset = this.#known.get(id);
    const title = sample ? t(sample.title) : asset?.title ?? "…";
    const picture = h("img", { src: sample ? sample.url : thumbnailUrl(id), alt: "", loading: "lazy" });
    const note = sample ? t("sample") : asset?.width ? `${asset.width} × ${asset.height}` : "";
    return h("div", { class: "s-slot-item" }, picture,
      h("span", { class: "s-slot-name", title }, title, note ? h("small", {}, note) : null),
      h("button", { type: "button", class: "s-icon-button", title: t("Remove"), "aria-label": t("Remove {title}", { title }),
        onclick: () => this.#change(this.value.filter((one) => one !== id)) }, icon("close")));
  }

  #buildSamples() {
    return h("div", { class: "s-samples" }, h("span", { class: "s-slot-note" }, t("or a sample:")), this.samples.map((sample) =>
      h("button", { type: "button", class: "s-sample", title: t(sample.title), "aria-label": t(sample.title),
        onclick: () => this.#change([`sample:${sample.name}`]) }, h("img", { src: sample.url, alt: "" }))));
  }

  #choose() {
    const accept = this.slotSpec.kinds.map((kind) => TYPES[kind]).join(",");
    const input = h("input", { type: "file", accept, multiple: this.slotSpec.many || this.slotSpec.kinds.includes("texture") });
    input.addEventListener("change", () => this.take([...input.files]));
    input.click();
  }
}

/** All slots of the generator that is open. */
class Slots extends StudioElement {
  #slots = new Map();

  render() {
    this.listen(state, "generator", () => this.#draw());
    this.listen(state, "inputs", () => this.#refresh());
    this.listen(state, "checked", () => this.#showFaults());
    this.listen(document, "paste", (event) => this.#paste(event));
    this.#draw();
  }

  async #draw() {
    this.#slots.clear();
    const inputs = state.current?.inputs ?? [];
    const boxes = inputs.map((spec) => {
      const slot = document.createElement("studio-slot");
      slot.slotSpec = spec;
      slot.value = state.draft.inputs[spec.name] ?? [];
      slot.addEventListener("change", () => state.setInput(spec.name, slot.value));
      this.#slots.set(spec.name, slot);
      return slot;
    });
    this.replaceChildren(...boxes);
    await this.#offerSamples(inputs);
  }

  /** An empty first slot offers samples; where the library has nothing that fits, one lies in it. */
  async #offerSamples(inputs) {
    const spec = inputs[0];
    const slot = spec && this.#slots.get(spec.name);
    if (!spec || !offersSamples(spec)) return;
    const counts = await Promise.all(spec.kinds.map((kind) => api.get("assets/count", { kind }))).catch(() => []);
    if (this.#slots.get(spec.name) !== slot || spec.optional) return;
    slot.samples = SAMPLES;
    const isFresh = counts.length > 0 && counts.every(({ count }) => count === 0);
    if (isFresh && !slot.value.length) state.setInput(spec.name, [`sample:${SAMPLES[0].name}`]);
    else slot.show(slot.value);
  }

  #refresh() {
    for (const [name, slot] of this.#slots) {
      const ids = state.draft.inputs[name] ?? [];
      if (ids.join() !== slot.value.join()) slot.show(ids);
    }
  }

  #showFaults() {
    for (const [name, slot] of this.#slots) {
      const fault = state.checked.errors.find((one) => one.place === "inputs" && one.field === name);
      const isUntouched = !slot.value.length && !state.wasPressed;
      showFault(slot, slot.refused || (fault && !isUntouched ? fault.message : ""));
    }
  }

  #paste(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || !this.offsetParent) return;
    const slots = [...this.#slots.values()];
    const slot = slots.find((one) => one.contains(event.target)) ?? slots.find((one) => !one.value.length) ?? slots[0];
    if (!slot) return;
    event.preventDefault();
    slot.take(files);
  }
}

/** Turn samples among ids into assets of the library. */
export async function settleSamples(ids) {
  const settled = [];
  for (const id of ids) {
    const sample = SAMPLES.find((one) => `sample:${one.name}` === id);
    settled.push(sample ? (await upload([await buildSample(sample)], ["image"]))[0].id : id);
  }
  return settled;
}

customElements.define("studio-slot", Slot);
customElements.define("studio-slots", Slots);
