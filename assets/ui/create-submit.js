// The foot of the form: seed, how many, sweep, what it will take, and the button.

import { StudioElement, api, attempt, h, t } from "./core.js";
import { rememberPrompts } from "./create-history.js";
import { settleSamples } from "./create-slots.js";
import { MAX_SEED, rollSeed, state } from "./create-state.js";
import { buildRequests, countSweep, listSweepable, startAxis } from "./create-sweep.js";
import { formatSeconds } from "./shell-header.js";
import { icon } from "./shell-icons.js";

const MOST = 10_000;

class Submit extends StudioElement {
  #button = null;
  #note = null;
  #isBusy = false;

  render() {
    this.listen(state, "generator", () => this.#draw());
    this.listen(state, "fields", () => this.#draw());
    this.listen(state, "draft", () => this.#say());
    this.listen(state, "checked", () => this.#say());
    this.follow("asset", () => state.checked.estimate?.measured === false && state.changed());
    this.listen(document, "studio:key", (event) => {
      if (event.detail.action !== "generate" || !this.offsetParent) return;
      event.preventDefault();
      this.#press();
    });
    this.#draw();
  }

  #draw() {
    if (!state.current) return;
    const seeded = state.current.seeded;
    this.#note = h("p", { class: "s-estimate", role: "status" });
    this.#button = h("button", { type: "button", class: "s-button s-primary s-generate", onclick: () => this.#press() });
    const sweep = listSweepable(state.fields).length ? h("button", { type: "button", class: "s-link s-sweep-toggle", "aria-pressed": String(Boolean(state.draft.sweep)),
      title: t("Go through several values of one or two settings and compare them"), onclick: () => this.#toggleSweep() }, icon("grid"), t("Sweep")) : null;
    this.replaceChildren(
      seeded ? h("div", { class: "s-submit-row" }, this.#buildSeed(), this.#buildCount()) : "",
      this.#button, h("div", { class: "s-submit-note" }, this.#note, sweep));
    this.#say();
  }

  #buildSeed() {
    const input = h("input", { class: "s-input s-seed", type: "number", min: "0", max: String(MAX_SEED), step: "1", id: "studio-seed", value: String(state.draft.seed),
      oninput: () => state.set({ seed: input.value === "" ? null : Number(input.value), locked: true }) });
    input.addEventListener("input", () => paint());
    const dice = h("button", { type: "button", class: "s-icon-button", title: t("Another seed"), "aria-label": t("Another seed"),
      onclick: () => { state.set({ seed: rollSeed() }); input.value = String(state.draft.seed); } }, icon("dice"));
    const lock = h("button", { type: "button", class: "s-icon-button", onclick: () => { state.set({ locked: !state.draft.locked }); paint(); } });
    const paint = () => {
      const { locked } = state.draft;
      lock.replaceChildren(icon(locked ? "lock" : "unlock"));
      lock.setAttribute("aria-pressed", String(locked));
      lock.title = locked ? t("Seed is kept; click for a new one each time") : t("A new seed each time; click to keep this one");
      lock.setAttribute("aria-label", t("Keep the seed"));
    };
    paint();
    return h("div", { class: "s-group" }, h("label", { for: "studio-seed" }, t("Seed")), input, dice, lock);
  }

  #buildCount() {
    const input = h("input", { class: "s-input s-count", type: "number", min: "1", max: String(MOST), step: "1", id: "studio-count", value: String(state.draft.count),
      oninput: () => state.set({ count: Math.max(1, Math.min(MOST, Math.round(Number(input.value)) || 1)) }) });
    return h("div", { class: "s-group" }, h("label", { for: "studio-count" }, t("Variations")), input);
  }

  #toggleSweep() {
    const field = listSweepable(state.fields)[0];
    state.set({ sweep: state.draft.sweep ? null : [startAxis(field)] });
    state.emit("sweep");
    this.#draw();
  }

  #say() {
    if (!this.#button) return;
    const runs = state.draft.sweep ? countSweep() : 1;
    const total = runs * (state.current.seeded ? state.draft.count : 1);
    const text = total > 1 ? t("Generate {count}", { count: total }) : t("Generate");
    this.#button.replaceChildren(h("span", {}, this.#isBusy ? t("Queueing…") : text), h("kbd", { "aria-hidden": "true" }, "Ctrl ↵"));
    this.#button.disabled = this.#isBusy || total === 0;
    const { errors, estimate } = state.checked;
    const shown = errors.filter((one) => one.place === "call" || (one.place === "inputs" && state.wasPressed));
    this.#note.classList.toggle("s-is-wrong", shown.length > 0);
    this.#note.textContent = shown.length ? shown.map((one) => one.message).join(" · ") : describe(estimate, runs);
  }

  async #press() {
    if (this.#isBusy || this.#button.disabled) return;
    state.wasPressed = true;
    await state.check();
    const { errors } = state.checked;
    const first = errors.find((one) => one.place !== "call");
    if (errors.length) {
      const box = first && document.getElementById(`${first.place === "params" ? "field" : "slot"}-${first.field.split(".")[0]}`);
      box?.scrollIntoView({ block: "center", behavior: "smooth" });
      box?.querySelector("input, textarea, button")?.focus({ preventScroll: true });
      return;
    }
    this.#isBusy = true;
    this.#say();
    await attempt(() => this.#submit());
    this.#isBusy = false;
    state.wasPressed = false;
    if (!state.draft.locked) state.set({ seed: rollSeed() });
    this.#draw();
  }

  async #submit() {
    for (const [slot, ids] of Object.entries(state.draft.inputs)) {
      if (ids.some((id) => id.startsWith("sample:"))) state.setInput(slot, await settleSamples(ids));
    }
    const call = state.build();
    rememberPrompts(state.fields, call.params);
    const key = crypto.randomUUID?.() ?? String(Math.random());
    const made = state.draft.sweep
      ? await api.post("batches", { requests: buildRequests(call, state.draft.sweep, state.fields), priority: "normal" }, { "Idempotency-Key": key })
      : await api.post("jobs", { ...call, priority: "interactive" }, { "Idempotency-Key": key });
    document.dispatchEvent(new CustomEvent("studio:submitted", { detail: made }));
  }
}

/** "about 12 s · 1.2 GB memory · 3 MB disk"; nobody knows the time of what was never run. */
function describe(estimate, runs) {
  if (!estimate) return "";
  const seconds = estimate.load_seconds + (estimate.seconds - estimate.load_seconds) * runs;
  const parts = [estimate.measured ? t("about {time}", { time: formatSeconds(seconds) }) : t("its time is known after the first run")];
  if (estimate.peak_bytes) parts.push(t("{size} memory", { size: formatBytes(estimate.peak_bytes) }));
  if (estimate.disk_bytes) parts.push(t("{size} disk", { size: formatBytes(estimate.disk_bytes * runs) }));
  return parts.join(" · ");
}

export function formatBytes(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const value = bytes / 1000 ** power;
  return `${value >= 10 || power === 0 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

customElements.define("studio-submit", Submit);
