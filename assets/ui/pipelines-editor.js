// A pipeline as text: TOML, checked while one types, kept under a name of one's own.

import { api, attempt, go, h, t, toast } from "./core.js";
import { button, throttle } from "./queue-format.js";

const START = `title = "My pipeline"
summary = "What it is for"

[inputs.pictures]
kinds = ["image"]
many = true

[params.size]
type = "integer"
default = 512
minimum = 64
maximum = 2048
unit = "px"

[[steps]]
name = "tile"
generator = "textures.from_image"
foreach = "pictures"
inputs = { image = "$each" }
params = { width = "\${size}", height = "\${size}" }
`;

const NAME = "[a-z0-9][a-z0-9_\\-]*";

export class Editor {
  #check = throttle(() => this.#validate(), 400);
  #turn = 0;
  #saved = "";

  constructor(name) {
    this.name = name;
    this.lines = h("div", { class: "s-p-lines", "aria-hidden": "true" });
    this.area = h("textarea", { class: "s-p-code", spellcheck: false, autocapitalize: "off", autocomplete: "off", wrap: "off", "aria-label": t("The pipeline as TOML"), "aria-describedby": "s-p-verdict",
      oninput: () => this.#changed(), onkeydown: (event) => this.#press(event), onscroll: () => { this.lines.scrollTop = this.area.scrollTop; } });
    this.verdict = h("div", { class: "s-p-verdict", id: "s-p-verdict", role: "status", "aria-live": "polite" });
    this.field = h("input", { type: "text", class: "s-y-field s-p-name", pattern: NAME, maxlength: "60", spellcheck: false, "aria-label": t("Name"), placeholder: t("name-of-your-pipeline"), oninput: () => this.#drawSave() });
    this.save = button(t("Save as own"), () => this.#save(), { kind: "s-primary", sign: "check" });
    this.element = h("div", { class: "s-p-view" },
      h("div", { class: "s-q-line s-p-top" },
        h("div", {}, h("h2", { class: "s-p-title" }, name ? t("Edit {name}", { name }) : t("A pipeline of your own")), h("p", { class: "s-q-muted" }, t("Each [[steps]] calls a generator; \"$name\" stands for what an input or a step above gives, \"${name}\" for a param."))),
        h("div", { class: "s-q-row" }, button(t("Download"), () => this.#download(), { sign: "download" }), button(t("Copy"), () => this.#copy(), { sign: "copy" }))),
      h("div", { class: "s-p-editor" }, this.lines, this.area), this.verdict,
      h("div", { class: "s-p-start" }, h("span", { class: "s-q-muted" }, t("Name")), this.field, this.save, h("span", { class: "s-q-muted" }, t("Kept in your home as a .toml file that you can share."))));
    attempt(() => this.#load());
  }

  close() {
    this.#check.stop();
  }

  async #load() {
    const found = this.name ? await api.get(`pipelines/${this.name}`) : { toml: START, shipped: true, name: "my-pipeline" };
    this.field.value = this.name && found.shipped ? `my-${this.name}` : found.name;
    this.area.value = this.#saved = found.toml;
    this.#changed();
  }

  #changed() {
    this.#drawLines([]);
    this.#check();
  }

  async #validate() {
    const turn = ++this.#turn;
    const text = this.area.value;
    const { errors } = await api.post("pipelines/check", { toml: text }).catch((error) => ({ errors: [{ step: "", field: "", message: error.message }] }));
    if (turn !== this.#turn || text !== this.area.value) return;
    this.faults = errors;
    const places = errors.map((fault) => findLine(text, fault));
    this.#drawLines(places);
    this.area.setAttribute("aria-invalid", String(errors.length > 0));
    this.verdict.dataset.good = errors.length ? "no" : "yes";
    this.verdict.replaceChildren(...(errors.length
      ? errors.map((fault, i) => h("button", { type: "button", class: "s-p-fault", onclick: () => this.#goTo(places[i]) }, places[i] ? h("strong", {}, t("Line {line}", { line: places[i] })) : null, h("span", {}, fault.message)))
      : [h("span", {}, t("This pipeline is fine."))]));
    this.#drawSave();
  }

  #drawSave() {
    this.save.disabled = Boolean(this.faults?.length) || !this.field.value || !this.field.checkValidity();
  }

  #drawLines(bad) {
    const count = this.area.value.split("\n").length;
    this.lines.replaceChildren(...Array.from({ length: count }, (_, i) => h("span", { "data-bad": bad.includes(i + 1) ? "" : null }, String(i + 1))));
    this.lines.scrollTop = this.area.scrollTop;
  }

  #goTo(line) {
    if (!line) return;
    const before = this.area.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    const end = this.area.value.indexOf("\n", before);
    this.area.focus();
    this.area.setSelectionRange(before, end < 0 ? this.area.value.length : end);
  }

  #press(event) {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") {
      event.preventDefault();
      if (!this.save.disabled) this.#save();
    }
  }

  #save() {
    return attempt(async () => {
      await api.put(`pipelines/${this.field.value}`, { toml: this.area.value });
      toast(t("Saved as {name}", { name: this.field.value }));
      go("pipelines", { name: this.field.value });
    });
  }

  #download() {
    const url = URL.createObjectURL(new Blob([this.area.value], { type: "application/toml" }));
    h("a", { href: url, download: `${this.field.value || "pipeline"}.toml` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  #copy() {
    return attempt(async () => {
      await navigator.clipboard.writeText(this.area.value);
      toast(t("Copied"));
    });
  }
}

/** The line a fault is in: as the message says, or where the step and its field are written. */
export function findLine(text, { message, step, field }) {
  const place = /\(at line (\d+)/.exec(message);
  if (place) return Number(place[1]);
  const lines = text.split("\n");
  const named = step || /step \d+ '([^']+)'/.exec(message)?.[1] || "";
  const number = /step (\d+)/.exec(message)?.[1];
  let start = named ? lines.findIndex((line) => new RegExp(`^\\s*name\\s*=\\s*["']${named}["']`).test(line)) : -1;
  if (start < 0 && number) start = lines.map((line, i) => (/^\s*\[\[steps\]\]/.test(line) ? i : -1)).filter((i) => i >= 0)[Number(number) - 1] ?? -1;
  const end = start < 0 ? -1 : lines.findIndex((line, i) => i > start && /^\s*\[\[steps\]\]/.test(line));
  const written = /step (?:\d+ )?'[^']*': (?:unknown key )?'?([\w.]+)'?[: ;]/.exec(message)?.[1] ?? /unknown key '([\w.]+)'/.exec(message)?.[1];
  const key = (field || written || "").split(".").at(-1);
  const inside = key ? lines.findIndex((line, i) => i >= Math.max(0, start) && (end < 0 || i < end) && new RegExp(`(^|[\\s{,\\[.])${key}\\s*[=\\]]`).test(line)) : -1;
  return (inside >= 0 ? inside : start) + 1 || 0;
}
