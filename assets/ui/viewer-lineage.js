// The family of an asset in a row: what it was made from, itself, what was made from it.

import { go, h, t, thumbnailUrl } from "./core.js";
import { button } from "./viewer-widgets.js";

const MOST = 24;

/** Parents and children of an asset: [{node, slot}] each. */
export function findRelatives(asset, family) {
  const nodes = new Map(family.nodes.map((node) => [node.id, node]));
  const collect = (from, to) => {
    const found = new Map();
    for (const edge of family.edges) {
      if (edge[to] === asset.id && nodes.has(edge[from]) && !found.has(edge[from])) found.set(edge[from], { node: nodes.get(edge[from]), slot: edge.slot });
    }
    return [...found.values()];
  };
  return { parents: collect("parent", "child"), children: collect("child", "parent").reverse() };
}

/** Build the strip; nothing where there is no family. */
export function buildLineage(viewer) {
  const { parents, children } = findRelatives(viewer.asset, viewer.family);
  if (!parents.length && !children.length && viewer.family.is_complete !== false) return null;
  const arrow = () => h("span", { class: "s-v-arrow", "aria-hidden": "true" }, "→");
  const group = (label, people) => h("div", { class: "s-v-kin", role: "group", "aria-label": label }, people.slice(0, MOST).map(({ node, slot }) => buildThumb(viewer, node, slot)), people.length > MOST ? h("span", { class: "s-v-hint" }, t("and {n} more", { n: people.length - MOST })) : null);
  const self = h("div", { class: "s-v-thumb s-v-self", "aria-current": "true" }, h("img", { src: thumbnailUrl(viewer.asset.id), alt: "" }), h("span", {}, t("this")));
  return h(
    "nav", { class: "s-v-lineage-strip", "aria-label": t("Lineage") },
    parents.length ? [group(t("Made from"), parents), arrow()] : null,
    viewer.family.is_complete === false && !parents.length ? [h("span", { class: "s-v-hint" }, t("What it was made from is gone")), arrow()] : null,
    self,
    children.length ? [arrow(), group(t("Made from this"), children)] : null,
    button(t("Whole family"), { onclick: () => go("library", { lineage: viewer.asset.id }), title: t("All ancestors and descendants as a picture") }),
  );
}

function buildThumb(viewer, node, slot) {
  const label = t("{title}, {kind}", { title: node.title || node.id.slice(-6), kind: node.kind });
  return h(
    "button", { type: "button", class: "s-v-thumb", title: slot ? `${label} (${slot})` : label, "aria-label": label, onclick: () => viewer.open(node.id) },
    h("img", { src: thumbnailUrl(node.id), alt: "", loading: "lazy" }), h("span", {}, node.title || node.kind),
  );
}
