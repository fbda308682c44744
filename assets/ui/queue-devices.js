// Beside the queue: which device holds which checkpoint, how full it is, and how fast things go.

import { api, h, t } from "./core.js";
import { bar, fill, formatBytes, formatDuration, icon, throttle } from "./queue-format.js";

const GAP = 5000; // ms between two looks at the machine, however much happens

export class DevicePanel {
  #read = throttle(() => this.#load(), GAP);
  #first = true;

  constructor() {
    this.element = h("aside", { class: "s-q-side", "aria-label": t("Devices") });
  }

  refresh() {
    if (this.#first) this.#load();
    else this.#read();
    this.#first = false;
  }

  async #load() {
    const system = await api.get("system").catch(() => null);
    if (!system) return;
    fill(this.element,
      h("h2", { class: "s-q-title" }, t("Devices")),
      ...system.devices.map((device) => buildDevice(device, system.workers.filter((worker) => worker.device === device.name))),
      h("h2", { class: "s-q-title" }, t("Rates")),
      buildRates(system));
  }
}

/** A device: its memory, its workers and what they hold. */
export function buildDevice(device, workers) {
  const known = device.total !== null && device.used !== null;
  return h("section", { class: "s-q-device", "aria-label": device.name },
    h("div", { class: "s-q-line" }, h("strong", {}, device.name), h("span", { class: "s-q-muted" }, device.title)),
    known ? bar(device.used / device.total, t("Memory of {device}", { device: device.name }), device.used / device.total > 0.92 ? "s-is-tight" : "s-is-memory") : null,
    known ? h("div", { class: "s-q-muted" }, t("{used} of {total} in use", { used: formatBytes(device.used), total: formatBytes(device.total) })) : null,
    workers.length ? h("ul", { class: "s-q-workers" }, ...workers.map(buildWorker)) : h("div", { class: "s-q-muted" }, t("No worker is started; the next job starts one.")));
}

function buildWorker(worker) {
  const doing = worker.job ? worker.job.generator : t("idle");
  const named = worker.residents.map(nameResident);
  return h("li", {},
    h("div", { class: "s-q-line" },
      h("span", { class: "s-q-dot", "data-busy": worker.job ? "" : null }),
      h("span", { class: "s-q-grow" }, doing, worker.environment === "main" ? null : h("span", { class: "s-q-muted" }, ` · ${worker.environment}`)),
      h("span", { class: "s-q-muted" }, worker.memory ? formatBytes(worker.memory) : "")),
    named.length ? h("ul", { class: "s-q-residents", "aria-label": t("Resident in memory") }, ...named.map((name) => h("li", { title: t("Loaded and ready: a job that uses it starts at once") }, icon("layers"), h("span", {}, name)))) : null);
}

/** "upscale.srgan|fast" -> "upscale.srgan · fast". */
const nameResident = (key) => key.split("|").filter(Boolean).join(" · ");

function buildRates(system) {
  const { rates, queue } = system;
  const waiting = queue.reduce((sum, row) => sum + row.waiting, 0);
  const paused = queue.reduce((sum, row) => sum + row.paused, 0);
  const oldest = Math.max(0, ...queue.map((row) => row.oldest));
  const rows = [
    [t("Jobs done, last minute"), rates.done_per_minute],
    [t("Jobs failed, last minute"), rates.failed_per_minute],
    [t("Assets made, last hour"), rates.assets_per_hour],
    [t("Waiting"), waiting],
    paused ? [t("Paused"), paused] : null,
    waiting && oldest > 1 ? [t("Longest wait"), formatDuration(oldest)] : null,
  ].filter(Boolean);
  return h("dl", { class: "s-q-pairs" }, ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value.toLocaleString())]));
}
