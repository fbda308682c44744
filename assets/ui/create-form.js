// What the page adds to the controls that Python builds: reading them, faults beside them, a colour
// picker where a word or a colour is wanted, the history of prompts.

import { StudioElement, h, t } from "./core.js";
import { state } from "./create-state.js";

/** Turn what the controls hold into the JSON values of params; `broken`: name -> what is wrong. */
export function readValues(fields, raw) {
  const values = {};
  const broken = {};
  for (const field of fields) {
    try {
      const value = readValue(field, raw[field.name]);
      if (value !== undefined) values[field.name] = value;
    } catch (error) {
      broken[field.name] = error.message;
    }
  }
  return { values, broken };
}

function readValue(field, raw) {
  const isEmpty = raw === null || raw === undefined || raw === "";
  if (field.widget === "choice") return isEmpty ? undefined : readChoice(field, raw);
  if (field.widget === "choices") return (raw ?? []).map((one) => JSON.parse(one));
  if (field.widget === "list") return isEmpty && field.optional ? null : readList(field, raw ?? "");
  if (field.widget === "json") return readJson(field, raw);
  if (isEmpty && field.optional) return null;
  if (isEmpty && (field.widget === "number" || field.widget === "slider")) throw new Error(t("A number is needed here"));
  return field.numeric ? Number(raw) : raw;
}

/** A choice carries JSON; where others may be typed, what was typed is the text itself. */
function readChoice(field, raw) {
  const known = field.choices.find(([, value]) => JSON.stringify(value) === raw);
  if (known || !field.open) return JSON.parse(raw);
  try {
    const value = JSON.parse(raw);
    return typeof value === "string" ? value : raw;
  } catch {
    return raw;
  }
}

function readJson(field, raw) {
  if (!raw?.trim()) return field.optional ? null : field.default ?? undefined;
  try {
    return JSON.parse(raw);
  } catch {
    throw new Error(t("This is no JSON"));
  }
}

/** "1, 2, 3" -> [1, 2, 3] */
export function readList(field, text) {
  const parts = String(text).split(",").map((part) => part.trim()).filter((part) => part !== "");
  if (!field.numeric) return parts;
  const numbers = parts.map(Number);
  if (numbers.some((one) => !Number.isFinite(one))) throw new Error(t("Numbers are needed here, with commas between them"));
  return numbers;
}

/** Say beside a control what is wrong with it; "" takes it away. */
export function showFault(box, message) {
  const control = box.querySelector("input, textarea, [role=listbox]");
  let note = box.querySelector(":scope > .s-fault");
  if (!message) {
    note?.remove();
    control?.removeAttribute("aria-invalid");
    box.classList.remove("s-is-wrong");
    return;
  }
  if (!note) {
    note = h("p", { class: "s-fault", role: "alert", id: `${box.id}-fault` });
    box.append(note);
  }
  if (note.textContent !== message) note.textContent = message;
  box.classList.add("s-is-wrong");
  control?.setAttribute("aria-invalid", "true");
  control?.setAttribute("aria-describedby", note.id);
}

const findBox = (field) => document.getElementById(`field-${field.name}`);
const TRIES = 150;

/** Gradio builds the controls one by one, each when its script is there: wait for the last one. */
async function awaitControls(fields) {
  for (let tries = TRIES; tries && !fields.every(findBox); tries -= 1) await new Promise((go) => setTimeout(go, 20));
}

class Form extends StudioElement {
  async render() {
    const { form, fields } = JSON.parse(this.getAttribute("data"));
    if (form !== state.current?.id) return;
    state.arrive(fields);
    await awaitControls(fields);
    if (!this.isConnected) return;
    this.listen(state, "checked", () => this.#showFaults(fields));
    for (const field of fields) {
      const box = findBox(field);
      if (!box) continue;
      if (field.widget === "colour" && (field.words.length || field.optional)) addColour(box, field);
      if (field.widget === "prompt") box.append(h("studio-history", { field: field.name }));
    }
    this.#showFaults(fields);
  }

  #showFaults(fields) {
    const { errors } = state.checked;
    for (const field of fields) {
      const box = findBox(field);
      const fault = errors.find((one) => one.place === "params" && one.field.split(".")[0] === field.name);
      if (box) showFault(box, fault?.message ?? "");
    }
  }
}

/** Set a text control that Gradio watches. */
export function setText(box, text) {
  const control = box.querySelector("input:not([type=color]), textarea");
  control.value = text;
  control.dispatchEvent(new Event("input", { bubbles: true }));
}

// What forms of most generators say, in choices: t("Yes") t("No") t("Auto") t("None").

/** Buttons for the words and a picker for the colour, instead of a bare text box. */
function addColour(box, field) {
  if (box.querySelector(".s-colour")) return;
  const control = box.querySelector("input, textarea");
  const picker = h("input", { type: "color", "aria-label": t("{name}: colour", { name: field.label }), oninput: () => setText(box, picker.value) });
  const words = (field.words.length ? field.words : [""]).map((word) =>
    h("button", { type: "button", class: "s-choice", "data-word": word, onclick: () => { setText(box, word); paint(); } },
      word ? t(word[0].toUpperCase() + word.slice(1)) : t("Automatic")));
  const swatch = h("label", { class: "s-choice s-swatch" }, picker, h("span", {}, t("Colour")));
  const paint = () => {
    const isColour = /^#[0-9a-f]{6}$/i.test(control.value);
    if (isColour) picker.value = control.value;
    swatch.classList.toggle("s-is-chosen", isColour);
    for (const word of words) {
      word.classList.toggle("s-is-chosen", word.dataset.word === control.value);
      word.setAttribute("aria-pressed", String(word.dataset.word === control.value));
    }
  };
  picker.addEventListener("input", paint);
  control.addEventListener("input", paint);
  box.append(h("div", { class: "s-colour", role: "group", "aria-label": field.label }, words, swatch));
  box.classList.add("s-has-colour");
  paint();
}

customElements.define("studio-form", Form);
