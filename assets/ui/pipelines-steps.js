// Steps as a row of boxes: what each does, how far it is, the newest of what it made.

import { h, t, thumbnailUrl } from "./core.js";
import { bar, icon, nameStatus } from "./queue-format.js";
import { nameOf } from "./viewer-details.js";
import { openResult } from "./queue-result.js";

const NEWEST = 3;

/** `steps`: {name, generator, status, done, total, assets, note}. */
export function buildSteps(steps, { isSmall = false } = {}) {
  return h("ol", { class: `s-p-steps${isSmall ? " s-is-small" : ""}`, "aria-label": t("Steps") },
    ...steps.flatMap((step, place) => [place ? h("li", { class: "s-p-arrow", "aria-hidden": "true" }, icon("arrow")) : null, isSmall ? buildName(step) : buildBox(step)]).filter(Boolean));
}

function buildName(step) {
  return h("li", { class: "s-p-step", title: step.generator }, nameOf(step.name));
}

function buildBox(step) {
  const isPlanned = !step.status;
  const newest = (step.assets ?? []).slice(-NEWEST);
  return h("li", { class: "s-p-step", "data-status": step.status, "data-step": step.name },
    h("div", { class: "s-q-line" }, h("strong", {}, nameOf(step.name)), isPlanned ? null : h("span", { class: "s-q-badge", "data-status": step.status }, nameStatus(step.status))),
    h("span", { class: "s-q-muted" }, step.generator),
    isPlanned ? h("span", { class: "s-q-muted" }, describePlan(step)) : [
      bar(step.total ? step.done / step.total : step.status === "running" ? null : 0, t("Progress of {title}", { title: step.name })),
      h("span", { class: "s-q-muted s-p-figures" }, step.total ? t("{done} of {total}", { done: step.done, total: step.total }) : "", h("span", {}, step.assets.length === 1 ? t("1 result") : step.assets.length ? t("{count} results", { count: step.assets.length }) : "")),
      newest.length ? h("div", { class: "s-q-thumbs" }, ...newest.map((id) => h("button", { type: "button", class: "s-q-thumb", "aria-label": t("Show this result"), onclick: () => openResult(id, step.assets) }, h("img", { src: thumbnailUrl(id), alt: "", loading: "lazy" })))) : null,
      step.note ? h("p", { class: step.status === "failed" ? "s-q-reason" : "s-q-muted" }, step.note) : null]);
}

function describePlan(step) {
  if (step.foreach) return t("once for each of {name}", { name: step.foreach });
  return String(step.count) === "1" ? t("once") : t("{count} times", { count: step.count });
}
