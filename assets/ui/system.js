// Plugins and the machine: what is installed, what is wrong and how to mend it, what may be used how.

import { StudioElement, api, go, h, t } from "./core.js";
import { button, formatDuration, isSeen, readParams, throttle } from "./queue-format.js";
import { buildCheckpoints } from "./system-checkpoints.js";
import { buildDisk, buildDoctor, buildLicences } from "./system-health.js";
import { buildPlugins } from "./system-plugins.js";
import { buildDevice } from "./queue-devices.js";

const VIEWS = ["plugins", "machine", "checkpoints", "doctor", "about"];

class System extends StudioElement {
  #view = "plugins";
  #system = null;
  #status = null;
  #fresh = throttle(() => this.#load(), 5000);

  render() {
    if (this.firstChild) return;
    this.tabs = h("div", { class: "s-q-tabs", role: "tablist", "aria-label": t("Parts of the system") });
    this.main = h("div", { class: "s-q-main", role: "tabpanel", id: "s-y-panel" });
    this.replaceChildren(h("div", { class: "s-q-head" }, this.tabs), this.main);
    for (const type of ["worker", "reset"]) this.follow(type, () => isSeen(this) && this.#fresh());
    this.listen(window, "hashchange", () => this.#readAddress());
    this.listen(window, "popstate", () => this.#readAddress());
    this.listen(document, "studio:system", () => this.#load());
    this.#readAddress();
  }

  disconnectedCallback() {
    this.#fresh.stop();
    super.disconnectedCallback();
  }

  #readAddress() {
    const params = readParams("system");
    if (!params) return;
    this.#view = VIEWS.includes(params.view) ? params.view : "plugins";
    if (this.#system) this.#draw();
    this.#load();
  }

  async #load() {
    const [system, status] = await Promise.all([api.get("system").catch(() => null), api.get("status").catch(() => null)]);
    if (!system) return;
    [this.#system, this.#status] = [system, status];
    this.#draw();
  }

  #draw() {
    const { plugins, doctor } = this.#system;
    const bad = plugins.filter((plugin) => plugin.status !== "ok").length;
    const broken = doctor.filter((finding) => finding.state === "broken").length;
    const names = {
      plugins: [t("Plugins"), bad || plugins.length, bad], machine: [t("Machine"), null], checkpoints: [t("Checkpoints and licences"), null],
      doctor: [t("Doctor"), broken || null, broken], about: [t("About"), null],
    };
    const focused = this.tabs.contains(document.activeElement);
    this.tabs.replaceChildren(...VIEWS.map((view) => h("button", {
      type: "button", role: "tab", "aria-selected": String(view === this.#view), "aria-controls": "s-y-panel", tabindex: view === this.#view ? "0" : "-1",
      "data-bad": names[view][2] ? "" : null, onclick: () => go("system", view === "plugins" ? {} : { view }), onkeydown: (event) => this.#move(event, view),
    }, names[view][0], names[view][1] === null ? null : h("span", { class: "s-q-count" }, String(names[view][1])))));
    if (focused) this.tabs.querySelector('[aria-selected="true"]').focus();
    const isAdmin = this.#status?.is_admin ?? false;
    const key = JSON.stringify([this.#view, this.#view === "checkpoints" ? this.#system.licences : this.#system[{ plugins: "plugins", doctor: "doctor" }[this.#view] ?? "time"]]);
    if (this.main.dataset.key === key) return;
    this.main.dataset.key = key;
    this.main.replaceChildren(...[this.#build(isAdmin)].flat());
  }

  #build(isAdmin) {
    const system = this.#system;
    switch (this.#view) {
      case "machine": return [this.#buildMachine(), buildDisk(system)];
      case "checkpoints": return [buildCheckpoints(isAdmin), buildLicences(system)];
      case "doctor": return buildDoctor(system.doctor);
      case "about": return this.#buildAbout();
      default: return buildPlugins(system.plugins, isAdmin);
    }
  }

  #buildMachine() {
    const { devices, workers, pid, uptime } = this.#system;
    return h("section", {}, h("h2", { class: "s-q-title" }, t("Devices"),
      h("span", { class: "s-q-muted" }, pid ? t("the scheduler has run for {duration}", { duration: formatDuration(uptime) }) : t("nobody schedules at the moment"))),
    h("div", { class: "s-q-cards" }, ...devices.map((device) => buildDevice(device, workers.filter((worker) => worker.device === device.name)))));
  }

  #buildAbout() {
    const { version, home } = this.#system;
    const rows = [[t("Version"), version], home ? [t("Home"), home] : null, [t("User"), this.#status?.user ?? ""]].filter(Boolean);
    return h("section", { class: "s-q-panel s-y-about" },
      h("h2", {}, "Studio"), h("p", { class: "s-q-muted" }, t("Makes textures, pictures, sound and text on this machine. Nothing you make or type leaves it.")),
      h("dl", { class: "s-q-pairs s-q-params" }, ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
      h("div", { class: "s-q-row s-q-wrap" },
        h("a", { class: "s-button", href: "/api/v1/openapi.json", target: "_blank", rel: "noopener" }, t("Description of the API (OpenAPI)")),
        button(t("Look for problems"), () => go("system", { view: "doctor" }))));
  }

  #move(event, view) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    go("system", { view: VIEWS[(VIEWS.indexOf(view) + step + VIEWS.length) % VIEWS.length] });
  }
}

customElements.define("studio-system", System);
