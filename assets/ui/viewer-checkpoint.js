// A checkpoint: what it is, how it did, what one may do with it, and the way to use it.

import { api, attempt, go, h, order, t, thumbnailUrl } from "./core.js";
import { formatFigure } from "./viewer-report.js";
import { button, formatBytes, menu } from "./viewer-widgets.js";

/** Build the view of a checkpoint. */
export function build(asset, viewer) {
  const use = menu(t("Use it"), { glyph: "send", fill: () => listUsers(asset) });
  const figures = { ...asset.facts, ...asset.metrics };
  const card = h(
    "div", { class: "s-v-weights" },
    h("img", { src: thumbnailUrl(asset.id), alt: "" }),
    h("div", {},
      h("h3", {}, asset.title),
      h("p", { class: "s-v-hint" }, [formatBytes(asset.size), asset.generator, asset.licence || t("no licence given")].filter(Boolean).join("  ·  ")),
      asset.licence ? null : h("p", { class: "s-v-warn" }, t("Without a licence nobody else may use these weights; say under what terms the pictures they learned from are.")),
      use),
  );
  const table = h("table", { class: "s-v-table" }, h("tbody", {}, Object.entries(figures).map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, typeof value === "object" ? JSON.stringify(value) : formatFigure(value))))));
  const register = button(t("Copy its id"), { glyph: "copy", onclick: () => viewer.copy(asset.id) });
  return {
    element: h("div", { class: "s-v-kind" }, h("div", { class: "s-v-page" }, card, Object.keys(figures).length ? table : null, register)),
    focus: () => {},
    keys: {},
    dispose: () => use.dispose(),
  };
}

/** Generators that take weights; first those that say they take these, then those of the same plugin. */
async function listUsers(asset) {
  const [found, weights] = await Promise.all([attempt(() => api.get("generators")), api.get("checkpoints").catch(() => ({ items: [] }))]);
  const fitting = new Set(weights.items.find(({ name }) => name === asset.id || name === asset.title)?.generators ?? asset.facts.generators ?? []);
  const rank = (one) => 2 * fitting.has(one.id) + (one.plugin === asset.plugin);
  const rows = (found?.items ?? [])
    .filter((one) => one.checkpoint_from?.length && one.output !== "checkpoint" && (!fitting.size || fitting.has(one.id)))
    .sort((a, b) => rank(b) - rank(a))
    .map((one) => ({
      label: t(one.title), note: t(one.summary), glyph: "send",
      run: () => { order({ action: "create", generator: one.id, params: { [one.checkpoint_from[0]]: asset.id } }); go("create"); },
    }));
  return rows.length ? rows : [{ label: t("Nothing to use it with"), reason: t("No installed generator takes a checkpoint.") }];
}
