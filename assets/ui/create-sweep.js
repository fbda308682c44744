// Sweeps: one or two params go through several values each; every pair of values is one call.

import { StudioElement, h, t } from "./core.js";
import { readList } from "./create-form.js";
import { state } from "./create-state.js";
import { icon } from "./shell-icons.js";

const MOST = 200;
const PATHS = ["slider", "number", "choice", "checkbox", "text", "prompt"];

export const listSweepable = (fields) => fields.filter((field) => PATHS.includes(field.widget));

const listChoices = (field) => (field.widget === "checkbox" ? [[t("On"), true], [t("Off"), false]] : field.choices);

/** The values an axis goes through; throws what is wrong with it. */
export function listValues(axis, field) {
  if (!field) return [];
  if (field.widget === "choice" || field.widget === "checkbox") {
    const values = listChoices(field).map(([, value]) => value);
    return values.filter((value) => (axis.picked ?? values).includes(value));
  }
  if (axis.mode === "grid") return listGrid(axis, field);
  const separator = field.numeric ? "," : "\n";
  const parts = String(axis.text ?? "").split(separator).map((part) => part.trim()).filter(Boolean);
  return [...new Set(field.numeric ? readList(field, parts.join(",")) : parts)];
}

function listGrid(axis, field) {
  const [from, to, count] = [axis.from, axis.to, axis.count].map(Number);
  if (![from, to, count].every(Number.isFinite) || count < 2) return [];
  const values = Array.from({ length: Math.min(count, MOST) }, (_, place) => from + ((to - from) * place) / (count - 1));
  return [...new Set(values.map((value) => (field.whole ? Math.round(value) : Number(value.toPrecision(6)))))];
}

/** The calls of a sweep: one per combination, all with the same seed. */
export function buildRequests(call, axes, fields) {
  let requests = [call];
  for (const axis of axes) {
    const values = listValues(axis, fields.find((field) => field.name === axis.name));
    requests = requests.flatMap((one) => values.map((value) => ({ ...one, params: { ...one.params, [axis.name]: value } })));
  }
  if (requests.length > MOST) throw new Error(t("{count} combinations are too many; {most} are the most", { count: requests.length, most: MOST }));
  return requests;
}

export function countSweep() {
  try {
    return buildRequests({ params: {} }, state.draft.sweep, state.fields).length;
  } catch {
    return 0;
  }
}

class Sweep extends StudioElement {
  render() {
    this.listen(state, "fields", () => this.#draw());
    this.listen(state, "generator", () => this.replaceChildren());
    this.listen(state, "sweep", () => this.#draw());
    this.#draw();
  }

  #draw() {
    const axes = state.draft.sweep;
    const fields = listSweepable(state.fields);
    if (!axes || !fields.length) {
      this.replaceChildren();
      return;
    }
    const add = axes.length < 2 && fields.length > 1 ? h("button", { type: "button", class: "s-link", onclick: () => this.#add() }, icon("plus"), t("Second setting")) : null;
    this.replaceChildren(h("div", { class: "s-sweep", role: "group", "aria-label": t("Sweep") },
      axes.map((axis, place) => this.#buildAxis(axis, place, fields)), add));
  }

  #add() {
    const taken = state.draft.sweep.map((axis) => axis.name);
    const field = listSweepable(state.fields).find((one) => !taken.includes(one.name));
    state.set({ sweep: [...state.draft.sweep, startAxis(field)] });
    this.#draw();
  }

  #set(place, values, redraw = true) {
    state.set({ sweep: state.draft.sweep.map((axis, at) => (at === place ? { ...axis, ...values } : axis)) });
    if (redraw) this.#draw();
  }

  #buildAxis(axis, place, fields) {
    const field = fields.find((one) => one.name === axis.name);
    const others = state.draft.sweep.filter((_, at) => at !== place).map((one) => one.name);
    const label = place ? t("Columns") : t("Rows");
    const select = h("select", { class: "s-input", "aria-label": t("{axis}: setting", { axis: label }), onchange: (event) => this.#set(place, startAxis(fields.find((one) => one.name === event.target.value))) },
      fields.filter((one) => !others.includes(one.name)).map((one) => h("option", { value: one.name, selected: one.name === axis.name }, t(one.label))));
    const remove = h("button", { type: "button", class: "s-icon-button", title: t("Remove"), "aria-label": t("Remove {title}", { title: label }),
      onclick: () => { const left = state.draft.sweep.filter((_, at) => at !== place); state.set({ sweep: left.length ? left : null }); state.emit("sweep"); } }, icon("close"));
    return h("div", { class: "s-axis" }, h("span", { class: "s-axis-label" }, label), select, field ? this.#buildValues(axis, place, field) : null, remove);
  }

  #buildValues(axis, place, field) {
    if (field.widget === "choice" || field.widget === "checkbox") return this.#buildPicks(axis, place, field);
    if (!field.numeric) {
      return h("textarea", { class: "s-input", rows: 2, "aria-label": t("Values, one per line"), placeholder: t("one value per line"), value: axis.text ?? "", oninput: (event) => this.#set(place, { text: event.target.value }, false) });
    }
    const number = (key, name) => h("input", { class: "s-input s-small", type: "number", step: "any", "aria-label": name, title: name, value: String(axis[key] ?? ""), oninput: (event) => this.#set(place, { [key]: event.target.value }, false) });
    const isGrid = axis.mode === "grid";
    const mode = h("button", { type: "button", class: "s-link", onclick: () => this.#set(place, { mode: isGrid ? "list" : "grid", text: isGrid ? listValues(axis, field).join(", ") : axis.text }) }, isGrid ? t("as a list") : t("as steps"));
    const body = isGrid
      ? [number("from", t("from")), "–", number("to", t("to")), t("in"), number("count", t("steps")), t("steps")]
      : [h("input", { class: "s-input", "aria-label": t("Values"), placeholder: "1, 2, 3", value: axis.text ?? "", oninput: (event) => this.#set(place, { text: event.target.value }, false) })];
    return h("div", { class: "s-axis-values" }, body, mode);
  }

  #buildPicks(axis, place, field) {
    const all = listChoices(field);
    const picked = axis.picked ?? all.map(([, value]) => value);
    return h("div", { class: "s-axis-values" }, all.map(([label, value]) => {
      const isIn = picked.includes(value);
      const next = isIn ? picked.filter((one) => one !== value) : [...picked, value];
      return h("button", { type: "button", class: `s-choice${isIn ? " s-is-chosen" : ""}`, "aria-pressed": String(isIn), onclick: () => this.#set(place, { picked: next }) }, t(label));
    }));
  }
}

/** An axis with values that make sense: across the range of the param. */
export function startAxis(field) {
  const axis = { name: field.name };
  if (!field.numeric || field.widget === "choice") return axis;
  const { minimum, maximum, default: usual } = field;
  const isKnown = minimum !== null && maximum !== null;
  const from = isKnown ? minimum : (usual ?? 1) / 2;
  const to = isKnown ? Math.min(maximum, usual ? Math.max(usual * 2, minimum) : maximum) : (usual ?? 1) * 2;
  return { ...axis, mode: "grid", from, to, count: 3 };
}

customElements.define("studio-sweep", Sweep);
