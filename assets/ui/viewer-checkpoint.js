// A checkpoint: what it is, how it did, what one may do with it, and the way to use it.

import { api, attempt, go, h, order, t, thumbnailUrl } from "./core.js";
import { formatFigure } from "./viewer-report.js";
import { button, formatBytes, menu } from "./viewer-widgets.js";

/** Build the view of a checkpoint. */
export function build(asset, viewer) {
  const use = menu(t("Use it"), { glyph: "send", fill: () => listUsers(asset) });
  const figures = { ...asset.facts, ...asset.metrics };
  const card = h(
    "div", { class: "s-weights" },
    h("img", { src: thumbnailUrl(asset.id), alt: "" }),
    h("div", {},
      h("h3", {}, asset.title),
      h("p", { class: "s-hint" }, [formatBytes(asset.size), asset.generator, asset.licence || t("no licence given")].filter(Boolean).join("  ·  ")),
      asset.licence ? null : h("p", { class: "s-warn" }, t("Without a licence nobody else may use these weights; say under what terms the pictures they learned from are.")),
      use),
  );
  const table = h("table", { class: "s-table" }, h("tbody", {}, Object.entries(figures).map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, typeof value === "object" ? JSON.stringify(value) : formatFigure(value))))));
  const register = button(t("Copy its id"), { glyph: "copy", onclick: () => viewer.copy(asset.id) });
  return {
    element: h("div", { class: "s-kind" }, h("div", { class: "s-page" }, card, Object.keys(figures).length ? table : null, register)),
    focus: () => {},
    keys: {},
    dispose: () => use.dispose(),
  };
}

/** Generators with a param that names weights; those of the same plugin first. */
async function listUsers(asset) {
  const found = await attempt(() => api.get("generators"));
  const rows = (found?.items ?? [])
    .filter((one) => one.id !== asset.generator && "checkpoint" in (one.params_schema?.properties ?? {}))
    .sort((a, b) => (b.plugin === asset.plugin) - (a.plugin === asset.plugin))
    .map((one) => ({
      label: one.title, note: one.summary, glyph: "send",
      run: () => { order({ action: "create", generator: one.id, params: { checkpoint: asset.id } }); go("create"); },
    }));
  return rows.length ? rows : [{ label: t("Nothing to use it with"), reason: t("No installed generator takes a checkpoint.") }];
}
