// What the tab "Create" is about to make: the generator, its params, inputs and seed. Kept in the
// browser per generator, so that a reload or a look at another one loses nothing.

import { api, toast, t } from "./core.js";
import { findFamily, sortGenerators } from "./create-families.js";
import { fitsSamples } from "./create-samples.js";

export const MAX_SEED = 2 ** 32 - 1;
export const rollSeed = () => Math.floor(Math.random() * 2 ** 31);

const emptyDraft = () => ({ params: {}, inputs: {}, seed: rollSeed(), locked: false, count: 1, sweep: null });

const read = (key, otherwise) => {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise;
  }
};
const write = (key, value) => {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // A full or forbidden storage costs only the memory of the form.
  }
};

/** The one form of the page. Events: "generator", "inputs", "draft", "checked", "fields". */
class CreateState extends EventTarget {
  generators = [];
  arrived = "";
  current = null;
  draft = emptyDraft();
  fields = [];
  broken = {};
  checked = { errors: [], estimate: null };
  /** The server was asked for controls that are not there yet. */
  isAsking = false;
  /** How often controls were asked for: those of a form stand where the ones before did not. */
  #turn = 0;
  #due = 0;
  #asked = 0;
  #retry = 0;
  #loading = null;

  /** Read the generators once, and open what was open the last time. */
  load() {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load() {
    const { items } = await api.get("generators");
    this.generators = sortGenerators(items.filter((one) => findFamily(one)));
    const last = read("studio-create", {}).current;
    const first = this.generators.find((one) => one.id === last)
      ?? this.generators.find((one) => one.seeded && fitsSamples(one)) ?? this.generators.find((one) => one.seeded) ?? this.generators[0];
    if (first && !this.current) this.choose(first.id);
  }

  find(id) {
    return this.generators.find((one) => one.id === id);
  }

  /** Open a generator; `given` {params, inputs, seed, count} replaces what its draft has of them. */
  choose(id, given = {}) {
    const found = this.find(id);
    if (!found) {
      toast(t("There is no generator {id} here", { id }), "error");
      return;
    }
    const before = this.draft.inputs;
    this.current = found;
    this.arrived = "";
    this.draft = { ...emptyDraft(), ...read(`studio-draft:${id}`, {}) };
    this.#carry(before);
    if (given.params) this.draft.params = { ...given.params };
    if (given.inputs) this.draft.inputs = { ...given.inputs };
    if (given.count) this.draft.count = given.count;
    if (given.seed !== undefined && given.seed !== null) Object.assign(this.draft, { seed: given.seed, locked: true });
    this.draft.params = this.#keepKnown(this.draft.params);
    this.checked = { errors: [], estimate: null };
    write("studio-create", { ...read("studio-create", {}), current: id, [findFamily(found)]: id });
    this.emit("generator");
    this.render();
    this.changed();
  }

  /** The generator that was last open in a family, or its first one. */
  findLast(family) {
    const those = this.generators.filter((one) => findFamily(one) === family);
    return those.find((one) => one.id === read("studio-create", {})[family]) ?? those[0];
  }

  /** Ask the server for the controls, with the draft's values in them; again if it did not hear. */
  render(tries = 8) {
    clearTimeout(this.#retry);
    const box = document.querySelector("#studio-choice :is(textarea, input)");
    if (!box || !this.current) return;
    this.isAsking = true;
    box.value = JSON.stringify({ generator: this.current.id, params: this.draft.params, turn: (this.#turn += 1), at: Date.now() });
    box.dispatchEvent(new Event("input", { bubbles: true }));
    if (tries > 1) this.#retry = setTimeout(() => this.render(tries - 1), 1500);
  }

  /** The controls of the generator are there. */
  arrive(fields) {
    clearTimeout(this.#retry);
    this.isAsking = false;
    this.arrived = this.current.id;
    this.fields = fields;
    this.broken = {};
    this.emit("fields");
  }

  /** Take what the controls of a form hold; values of another form come too late. */
  take(form, values) {
    if (form !== this.current?.id) return;
    this.draft.params = values;
    this.changed();
  }

  set(values) {
    Object.assign(this.draft, values);
    this.changed();
  }

  setInput(slot, ids) {
    this.draft.inputs = { ...this.draft.inputs, [slot]: ids };
    this.emit("inputs");
    this.changed();
  }

  /** Keep the draft and check it, soon. */
  changed() {
    write(`studio-draft:${this.current.id}`, this.draft);
    this.emit("draft");
    clearTimeout(this.#due);
    this.#due = setTimeout(() => this.check(), 250);
  }

  /** The call as the API wants it. */
  build() {
    const { params, inputs, seed, count } = this.draft;
    const given = Object.fromEntries(Object.entries(inputs).filter(([, ids]) => ids.length).map(([slot, ids]) => [slot, ids.filter((id) => !id.startsWith("sample:"))]));
    const call = { generator: this.current.id, params, inputs: given };
    return this.current.seeded ? { ...call, seed, count } : call;
  }

  async check() {
    const asked = ++this.#asked;
    const call = this.build();
    try {
      const answer = await api.post("jobs/check", { ...call, priority: "interactive" });
      if (asked !== this.#asked) return;
      const hasSample = (slot) => this.draft.inputs[slot]?.some((id) => id.startsWith("sample:"));
      const errors = answer.errors.filter((fault) => !(fault.place === "inputs" && hasSample(fault.field)));
      const broken = Object.entries(this.broken).map(([field, message]) => ({ place: "params", field, message }));
      this.checked = { errors: [...broken, ...errors], estimate: answer.estimate };
    } catch (error) {
      if (asked !== this.#asked) return;
      this.checked = { errors: [{ place: "call", field: error.field ?? "", message: error.message }], estimate: null };
    }
    this.emit("checked");
  }

  emit(type) {
    this.dispatchEvent(new Event(type));
  }

  #keepKnown(params) {
    const known = this.current.params_schema.properties ?? {};
    return Object.fromEntries(Object.entries(params).filter(([name]) => name in known));
  }

  /** An empty slot takes what another generator's slot of the same kind had. */
  #carry(before) {
    const ids = Object.values(before).flat().filter((id) => !id.startsWith("sample:"));
    const slot = this.current.inputs[0];
    if (!slot || !ids.length || this.draft.inputs[slot.name]?.length) return;
    const kinds = this.#kindsOf;
    const fitting = ids.filter((id) => slot.kinds.includes(kinds.get(id)));
    if (fitting.length) this.draft.inputs = { ...this.draft.inputs, [slot.name]: slot.many ? fitting : fitting.slice(0, 1) };
  }

  #kindsOf = new Map();

  /** Remember of which kind an asset is. */
  learn(asset) {
    this.#kindsOf.set(asset.id, asset.kind);
  }
}

export const state = new CreateState();
