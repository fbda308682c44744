// A report: JSON as tables, pictures beside them; Markdown to read.

import { fileUrl, h, t } from "./core.js";
import { buildMarkdown } from "./viewer-markdown.js";
import { loadText } from "./viewer-text.js";
import { choice } from "./viewer-widgets.js";

const MOST_ROWS = 400;

/** Build the view of a report. */
export function build(asset) {
  const page = h("div", { class: "s-v-page", tabindex: "0", role: "region", "aria-label": asset.title || t("Report") });
  const pictures = Object.keys(asset.files).filter((name) => /^\.(png|jpe?g|webp|svg)$/.test(asset.files[name].suffix));
  let text = "";
  const show = (mode) => {
    const parts = mode === "plain" ? [h("pre", { class: "s-v-plain" }, text)] : [
      h("div", { class: "s-v-read s-v-report" }, /^\.json$/.test(asset.files[asset.main].suffix) ? buildJson(text) : buildMarkdown(text)),
      ...pictures.map((name) => h("figure", {}, h("img", { src: fileUrl(asset.id, name), alt: name, loading: "lazy" }), h("figcaption", {}, name))),
    ];
    page.replaceChildren(...parts);
  };
  loadText(asset).then((found) => { text = found; show("table"); }, (error) => page.replaceChildren(h("p", { class: "s-v-hint" }, error.message)));
  const modes = choice(t("View"), [["table", t("Tables")], ["plain", t("Plain")]], "table", show);
  return { element: h("div", { class: "s-v-kind" }, h("div", { class: "s-v-modes" }, modes), page), focus: () => page.focus(), keys: {}, dispose: () => {} };
}

function buildJson(text) {
  try {
    return buildValue(JSON.parse(text), 3);
  } catch {
    return h("pre", { class: "s-v-plain" }, text);
  }
}

const isObject = (value) => value !== null && typeof value === "object";

/** A figure as people write it. */
export function formatFigure(value) {
  if (value === true) return t("yes");
  if (value === false) return t("no");
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value)) return value.toLocaleString();
  const size = Math.abs(value);
  return size && (size < 1e-3 || size >= 1e6) ? value.toExponential(3) : String(Number(value.toPrecision(5)));
}

function buildValue(value, level) {
  if (!isObject(value)) return h("p", {}, formatFigure(value));
  if (Array.isArray(value)) return value.length && value.every((row) => isObject(row) && !Array.isArray(row)) ? buildTable(value) : buildList(value, level);
  const plain = Object.entries(value).filter(([, one]) => !isObject(one));
  const deep = Object.entries(value).filter(([, one]) => isObject(one));
  return h(
    "div", { class: "s-v-group" },
    plain.length ? h("table", { class: "s-v-table s-v-pairs" }, h("tbody", {}, plain.map(([name, one]) => h("tr", {}, h("th", { scope: "row" }, name), cell(one))))) : null,
    deep.map(([name, one]) => h("section", {}, h(`h${Math.min(level, 6)}`, {}, name), buildValue(one, level + 1))),
  );
}

const cell = (value) => h("td", { class: typeof value === "number" ? "s-v-figure" : "" }, isObject(value) ? JSON.stringify(value) : formatFigure(value));

function buildTable(rows) {
  const columns = [...new Set(rows.slice(0, MOST_ROWS).flatMap((row) => Object.keys(row)))];
  const isFigure = (name) => rows.slice(0, 20).every((row) => typeof (row[name] ?? 0) === "number");
  return h(
    "table", { class: "s-v-table" },
    h("thead", {}, h("tr", {}, columns.map((name) => h("th", { scope: "col", class: isFigure(name) ? "s-v-figure" : "" }, name)))),
    h("tbody", {}, rows.slice(0, MOST_ROWS).map((row) => h("tr", {}, columns.map((name) => cell(row[name]))))),
    rows.length > MOST_ROWS ? h("caption", {}, t("The first {shown} of {all} rows", { shown: MOST_ROWS, all: rows.length })) : null,
  );
}

function buildList(values, level) {
  if (values.every((value) => !isObject(value))) return h("p", {}, values.map(formatFigure).join(", "));
  return h("ol", {}, values.slice(0, MOST_ROWS).map((value) => h("li", {}, buildValue(value, level))));
}
