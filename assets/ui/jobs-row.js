// One job that runs, waits or failed.

import { h, t } from "./core.js";
import { buildSound, isSound } from "./jobs-sound.js";
import { formatSeconds } from "./shell-header.js";
import { icon } from "./shell-icons.js";

/** Build the row of a job; `actions` has cancel(which), retry(job), dismiss(job). */
export function buildRow(job, actions) {
  const isBad = job.status === "failed" || job.status === "dead";
  return h("div", { class: `s-job${isBad ? " s-is-bad" : ""}`, role: "listitem", "data-job": job.id, "data-status": job.status },
    buildPreview(job),
    h("div", { class: "s-job-text" },
      h("div", { class: "s-job-head" }, h("strong", {}, job.title || job.generator), h("span", {}, describe(job))),
      isBad ? h("p", { class: "s-job-error" }, job.error?.message ?? t("It failed without a word")) : job.status === "running" ? buildBar(job) : null),
    h("div", { class: "s-job-actions" }, isBad
      ? [button("again", t("Try again"), `retry-${job.id}`, () => actions.retry(job)), button("close", t("Put away"), `away-${job.id}`, () => actions.dismiss(job))]
      : button("stop", t("Cancel"), `cancel-${job.id}`, () => actions.cancel({ ids: [job.id] }))));
}

const button = (name, text, key, run) =>
  h("button", { type: "button", class: "s-icon-button", title: text, "aria-label": text, "data-key": key, onclick: run }, icon(name));

function buildPreview(job) {
  if (!job.preview) return h("span", { class: `s-job-preview${job.status === "running" ? " s-is-busy" : ""}`, "aria-hidden": "true" });
  const url = new URL(job.preview, new URL("../api/v1/", import.meta.url));
  if (isSound(job.preview)) return buildSound(url.href, "s-job-preview s-job-sound");
  if (job.previewed) url.searchParams.set("at", String(job.previewed));
  return h("img", { class: "s-job-preview", src: url.href, alt: t("Preview") });
}

export function describe(job) {
  if (job.paused) return t("Paused");
  if (job.status === "queued") return t("Waiting");
  if (job.status === "failed") return t("Failed");
  if (job.status === "dead") return t("Given up");
  const parts = [];
  if (job.total) parts.push(t("step {done} of {total}", { done: job.done, total: job.total }));
  else parts.push(t("Starting"));
  if (job.eta) parts.push(t("{time} left", { time: formatSeconds(job.eta) }));
  return parts.join(" · ");
}

function buildBar(job) {
  const share = job.total ? Math.min(1, job.done / job.total) : null;
  const isUnknown = job.status === "running" && share === null;
  return h("span", { class: `s-bar s-bar-wide${isUnknown ? " s-bar-unknown" : ""}`, role: "progressbar", "aria-label": t("Progress"), "aria-valuemin": "0", "aria-valuemax": "100",
    "aria-valuenow": share === null ? null : String(Math.round(share * 100)) }, h("span", { style: `width: ${(share ?? 0) * 100}%` }));
}
