// The table below a comparison: every param, metric and fact, bold where the assets differ.

import { h, t } from "./core.js";
import { nameKind, writeSeconds } from "./library-tile.js";
import { nameOf } from "./viewer-details.js";

/** Rows of a comparison: [{group, name, values, differs}]. */
export function buildRows(assets, generators = {}) {
  const rows = [];
  const add = (group, name, values) => {
    const texts = values.map(writeValue);
    if (texts.some((text) => text !== "")) rows.push({ group, name, values: texts, differs: new Set(texts).size > 1 });
  };
  const each = (read) => assets.map(read);
  add(t("Made"), t("Generator"), each((asset) => generators[asset.generator] || asset.generator || t("Imported")));
  add(t("Made"), t("Checkpoint"), each((asset) => asset.checkpoint?.name));
  add(t("Made"), t("Seed"), each((asset) => (asset.seed === null || asset.seed === undefined ? "" : String(asset.seed))));
  for (const name of listKeys(assets, "params")) add(t("Params"), nameOf(name), each((asset) => asset.params?.[name]));
  for (const name of listKeys(assets, "metrics")) add(t("Metrics"), nameOf(name), each((asset) => asset.metrics?.[name]));
  add(t("Result"), t("Kind"), each((asset) => nameKind(asset.kind)));
  add(t("Result"), t("Size"), each((asset) => (asset.width ? `${asset.width} × ${asset.height}` : "")));
  add(t("Result"), t("Length"), each((asset) => (asset.facts?.seconds ? writeSeconds(asset.facts.seconds) : "")));
  add(t("Result"), t("Bytes"), each((asset) => asset.size?.toLocaleString()));
  add(t("Result"), t("Time to make"), each((asset) => (asset.seconds ? t("{seconds} s", { seconds: asset.seconds.toFixed(1) }) : "")));
  add(t("Result"), t("Tags"), each((asset) => asset.tags?.join(", ")));
  return rows;
}

function listKeys(assets, part) {
  const found = new Set(assets.flatMap((asset) => Object.keys(asset[part] ?? {})));
  return [...found].sort((a, b) => a.localeCompare(b));
}

function writeValue(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
  if (typeof value === "boolean") return value ? t("yes") : t("no");
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Build the table; with `onlyDifferent`, the rows in which nothing differs are left out. */
export function buildTable(assets, rows, onlyDifferent) {
  const shown = onlyDifferent ? rows.filter((row) => row.differs) : rows;
  const body = [];
  let group = "";
  for (const row of shown) {
    if (row.group !== group) body.push(h("tr", { class: "s-lib-compare-group" }, h("th", { colspan: String(assets.length + 1), scope: "colgroup" }, row.group)));
    group = row.group;
    const cells = row.values.map((value) => h("td", { dir: "auto" }, row.differs && value !== "" ? h("b", {}, value) : value || "–"));
    body.push(h("tr", { class: row.differs ? "s-lib-differs" : "" }, h("th", { scope: "row" }, row.name), cells));
  }
  const heads = assets.map((asset, place) => h("th", { scope: "col", dir: "auto" }, `${letter(place)} · ${asset.title || t("Untitled")}`));
  return h("table", { class: "s-lib-compare-table" },
    h("caption", {}, t("What is the same and what is not")),
    h("thead", {}, h("tr", {}, h("td", {}), heads)),
    h("tbody", {}, body.length ? body : h("tr", {}, h("td", { colspan: String(assets.length + 1) }, t("They differ in nothing that is written down.")))));
}

export const letter = (place) => String.fromCharCode(65 + place);
