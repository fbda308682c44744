// The contact sheet of a batch: results in a table whose rows and columns are what differs.

import { h, show, t, thumbnailUrl } from "./core.js";
import { icon } from "./shell-icons.js";
import { nameOf } from "./viewer-details.js";

const say = (value) => (typeof value === "boolean" ? (value ? t("On") : t("Off")) : String(value));
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** The params in which jobs differ: [[name, values in order], ...], at most two. */
export function findAxes(jobs) {
  const names = [...new Set(jobs.flatMap((job) => Object.keys(job.params)))];
  return names.map((name) => [name, listDistinct(jobs.map((job) => job.params[name]))])
    .filter(([, values]) => values.length > 1).slice(0, 2);
}

function listDistinct(values) {
  const distinct = [];
  for (const value of values) if (!distinct.some((one) => same(one, value))) distinct.push(value);
  return distinct.every((one) => typeof one === "number") ? distinct.sort((a, b) => a - b) : distinct;
}

/** Build the sheet; `actions` has shown (id), close(), cancel(). */
export function buildSheet(newestFirst, actions) {
  const jobs = [...newestFirst].reverse();
  const [[rowName, rows] = ["", [undefined]], [columnName, columns] = ["", [undefined]]] = findAxes(jobs);
  const ended = jobs.filter((job) => job.status !== "queued" && job.status !== "running").length;
  const isLive = ended < jobs.length;
  const find = (row, column) => jobs.filter((job) => (!rowName || same(job.params[rowName], row)) && (!columnName || same(job.params[columnName], column)));
  return h("section", { class: "s-sheet", "aria-label": t("Contact sheet") },
    h("div", { class: "s-job-head" }, h("strong", {}, t("Contact sheet")),
      h("span", {}, t("{done} of {total} done", { done: ended, total: jobs.length })),
      isLive ? button("stop", t("Cancel all"), actions.cancel) : null, button("close", t("Close"), actions.close)),
    h("div", { class: "s-sheet-scroll" }, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, nameOf(rowName)), columns.map((value) => h("th", { scope: "col" }, columnName ? `${nameOf(columnName)} ${say(value)}` : "")))),
      h("tbody", {}, rows.map((row) => h("tr", {}, h("th", { scope: "row" }, rowName ? say(row) : ""),
        columns.map((column) => h("td", {}, h("div", { class: "s-sheet-cell" }, find(row, column).flatMap((job) => buildCell(job, actions.shown)))))))))));
}

function buildCell(job, shown) {
  if (!job.asset_ids.length) {
    const isBad = job.status === "failed" || job.status === "dead";
    return [h("span", { class: `s-sheet-wait s-is-${job.status}`, title: job.error?.message ?? "" }, isBad ? t("Failed") : job.status === "cancelled" ? t("Cancelled") : "…")];
  }
  return job.asset_ids.map((id) => h("button", { type: "button", class: "s-film-tile", "data-key": `sheet-${id}`, "aria-current": id === shown ? "true" : null,
    "aria-label": t("Show {title}", { title: job.title }), onclick: () => show(id) }, h("img", { src: thumbnailUrl(id), alt: "", loading: "lazy" })));
}

const button = (name, text, run) => h("button", { type: "button", class: "s-icon-button", title: text, "aria-label": text, onclick: run }, icon(name));
