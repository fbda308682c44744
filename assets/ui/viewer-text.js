// A text: to read, as it is, or against another one.

import { api, fileUrl, h, t } from "./core.js";
import { diffTexts } from "./viewer-diff.js";
import { buildMarkdown } from "./viewer-markdown.js";
import { button, choice, copyText } from "./viewer-widgets.js";

const MOST = 400000; // characters shown
const CONTEXT = 3; // unchanged lines around a change

/** Read a file of an asset as text; a very long one is cut, and says so. */
export async function loadText(asset, name = asset.main) {
  const response = await fetch(fileUrl(asset.id, name), { credentials: "same-origin" });
  if (!response.ok) throw new Error(t("The file could not be loaded."));
  const text = await response.text();
  return text.length > MOST ? `${text.slice(0, MOST)}\n${t("(cut here: the file is longer)")}` : text;
}

/** Build the view of a text. */
export function build(asset, viewer) {
  const page = h("div", { class: "s-v-page", tabindex: "0", role: "region", "aria-label": asset.title || t("Text") });
  const isMarkdown = asset.files[asset.main].suffix === ".md";
  const against = h("select", { class: "s-v-select", "aria-label": t("Compare with"), hidden: true });
  let text = "";
  let mode = isMarkdown ? "read" : "plain";
  const show = async () => {
    against.hidden = mode !== "diff";
    if (mode === "read") page.replaceChildren(h("article", { class: "s-v-read" }, isMarkdown ? buildMarkdown(text) : text.split(/\n{2,}/).map((part) => h("p", {}, part))));
    else if (mode === "plain") page.replaceChildren(h("pre", { class: "s-v-plain" }, text));
    else page.replaceChildren(await buildComparison(against, text));
  };
  const modes = choice(t("View"), [["read", t("Read")], ["plain", t("Plain")], ["diff", t("Changes"), t("What differs from another text (C)")]], mode, (key) => { mode = key; show(); });
  const copy = button(t("Copy"), { glyph: "copy", onclick: async () => { if (await copyText(text)) viewer.say(t("Copied.")); } });
  const count = h("span", { class: "s-v-hint" });
  against.addEventListener("change", show);
  fillChoices(against, asset, viewer);
  loadText(asset).then((found) => {
    text = found;
    count.textContent = t("{words} words, {lines} lines", { words: text.split(/\s+/).filter(Boolean).length, lines: text.split("\n").length });
    show();
  }, (error) => page.replaceChildren(h("p", { class: "s-v-hint" }, error.message)));
  return {
    element: h("div", { class: "s-v-kind" }, h("div", { class: "s-v-modes" }, modes, against, h("span", { class: "s-v-spring" }), count, copy), page),
    focus: () => page.focus(),
    keys: { c: () => { mode = "diff"; modes.set(mode); show(); return true; } },
    dispose: () => {},
  };
}

async function fillChoices(select, asset, viewer) {
  const parents = viewer.parents.filter((node) => node.kind === asset.kind);
  const { items } = await api.get("assets", { kind: asset.kind, limit: 40 }).catch(() => ({ items: [] }));
  const known = new Set([asset.id, ...parents.map((node) => node.id)]);
  const rows = [...parents.map((node) => [node, t("{title} (it was made from this)", { title: node.title })]), ...items.filter((one) => !known.has(one.id)).map((one) => [one, one.title])];
  select.replaceChildren(...rows.map(([node, label]) => {
    const option = h("option", { value: node.id }, label || node.id.slice(-6));
    option.asset = node;
    return option;
  }));
}

async function buildComparison(select, text) {
  const other = select.selectedOptions[0]?.asset;
  if (!other) return h("p", { class: "s-v-hint" }, t("There is no other text to compare with."));
  const rows = diffTexts(await loadText(other), text);
  const changed = rows.filter(({ type }) => type !== "same").length;
  if (!changed) return h("p", { class: "s-v-hint" }, t("The two texts are the same."));
  const near = rows.map((_, place) => rows.slice(Math.max(0, place - CONTEXT), place + CONTEXT + 1).some(({ type }) => type !== "same"));
  const lines = [];
  rows.forEach((row, place) => {
    if (near[place]) lines.push(buildLine(row));
    else if (near[place - 1] || place === 0) lines.push(h("div", { class: "s-v-gap" }, "⋯"));
  });
  return h("div", { class: "s-v-diff", role: "table", "aria-label": t("Changes") }, lines);
}

function buildLine(row) {
  const sign = { same: " ", old: "−", new: "+" }[row.type];
  const said = { same: "", old: t("removed"), new: t("added") }[row.type];
  const words = row.parts ? row.parts.map(({ text, isChanged }) => (isChanged ? h("mark", {}, text) : text)) : [row.text || " "];
  return h(
    "div", { class: `s-v-line s-v-${row.type}`, role: "row" },
    h("span", { class: "s-v-number", role: "cell" }, String(row.old || "")), h("span", { class: "s-v-number", role: "cell" }, String(row.new || "")),
    h("span", { class: "s-v-sign", role: "cell", "aria-label": said || null }, sign), h("span", { class: "s-v-words", role: "cell" }, words),
  );
}
