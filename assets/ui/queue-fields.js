// A form of Gradio's controls, as pipelines and training use it: Python builds the controls from a
// schema (`studio.ui.choice_form`), the page reads them and says beside them what is wrong.

import { StudioElement } from "./core.js";
import { readValues, showFault } from "./create-form.js";

export class FormLink {
  fields = [];
  values = {};
  broken = {};
  #form = "";
  #turn = 0; // how often controls were asked for: those of a form stand where the ones before did not

  /** `box`: selector of the hidden text box; `prefix`: of the controls' ids; `changed`: called after each change. */
  constructor(box, prefix, changed) {
    this.box = box;
    this.prefix = prefix;
    this.changed = changed;
    document.addEventListener("studio:fields", ({ detail }) => this.#begin(detail));
  }

  /** Ask Python for the controls of `name`, with `params` in them. */
  open(name, params = {}) {
    this.#form = `${this.prefix}:${name}`;
    this.fields = [];
    this.values = { ...params };
    this.broken = {};
    this.#send({ name, params, form: this.#form, turn: (this.#turn += 1), at: Date.now() });
  }

  /** What the controls hold differs from what was asked for only where somebody changed it. */
  #begin({ form, fields }) {
    if (form !== this.#form) return;
    this.fields = fields;
    window.studio?.forms.set(form, (_, raw) => {
      const { values, broken } = readValues(this.fields, raw);
      [this.values, this.broken] = [{ ...this.values, ...values }, broken];
      this.showFaults([]);
      this.changed?.();
    });
    this.changed?.();
  }

  /** Say faults {field, message} beside their controls; answers those that have no control. */
  showFaults(faults) {
    const left = [...faults];
    for (const field of this.fields) {
      const box = document.getElementById(`${this.prefix}-${field.name}`);
      const place = left.findIndex((fault) => fault.field.split(".")[0] === field.name);
      const fault = place < 0 ? null : left.splice(place, 1)[0];
      if (box) showFault(box, fault?.message ?? this.broken[field.name] ?? "");
    }
    return left;
  }

  #send(what, tries = 40) {
    const control = document.querySelector(`${this.box} :is(textarea, input)`);
    if (!control) {
      if (tries) setTimeout(() => this.#send(what, tries - 1), 250); // Gradio is still building
      return;
    }
    control.value = JSON.stringify(what);
    control.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

/** Comes with the controls and says which they are. */
class Fields extends StudioElement {
  render() {
    document.dispatchEvent(new CustomEvent("studio:fields", { detail: JSON.parse(this.getAttribute("data")) }));
  }
}
customElements.define("studio-fields", Fields);

/** Slots for assets: `read()` gives slot -> ids, `missing` names those that need something. */
export class SlotList {
  #slots = new Map();

  constructor(element, changed) {
    this.element = element;
    this.changed = changed;
  }

  draw(inputs, given = {}, samples = []) {
    this.#slots.clear();
    this.inputs = inputs;
    this.element.replaceChildren(...inputs.map((spec, place) => {
      const slot = document.createElement("studio-slot");
      slot.slotSpec = spec;
      slot.value = [given[spec.name] ?? []].flat();
      if (place === 0) slot.samples = samples;
      slot.addEventListener("change", () => { showFault(slot, ""); this.changed?.(); });
      this.#slots.set(spec.name, slot);
      return slot;
    }));
  }

  read() {
    return Object.fromEntries([...this.#slots].map(([name, slot]) => [name, slot.value]).filter(([, ids]) => ids.length));
  }

  set(name, ids) {
    this.#slots.get(name)?.show(ids);
    this.changed?.();
  }

  get missing() {
    const given = this.read();
    return (this.inputs ?? []).filter((spec) => !spec.optional && !given[spec.name]);
  }

  showFault(name, message) {
    const slot = this.#slots.get(name);
    if (slot) showFault(slot, message);
    return Boolean(slot);
  }
}
