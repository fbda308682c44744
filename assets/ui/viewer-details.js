// What is known of an asset, beside it: stars, tags, notes, how it was made, figures, file.

import { api, attempt, h, language, t } from "./core.js";
import { formatFigure } from "./viewer-report.js";
import { button, formatBytes, icon } from "./viewer-widgets.js";

/** Five stars; pressing the one that is set takes the rating away. */
export function buildStars(viewer) {
  const stars = [1, 2, 3, 4, 5].map((count) => h(
    "button",
    { type: "button", class: "s-v-star", "aria-label": t("{count} of 5 stars", { count }), title: t("{count} of 5 stars (key {count})", { count }), onclick: () => viewer.rate(viewer.asset.rating === count ? 0 : count) },
    icon("star"),
  ));
  const element = h("div", { class: "s-v-stars", role: "group", "aria-label": t("Rating") }, stars);
  element.set = (rating) => stars.forEach((star, place) => {
    star.classList.toggle("s-v-on", place < rating);
    star.setAttribute("aria-pressed", String(place + 1 === rating));
  });
  element.set(viewer.asset.rating);
  return element;
}

/** The side panel. */
export function buildDetails(viewer) {
  const { asset } = viewer;
  const sections = [
    section(t("Tags"), buildTags(viewer)),
    section(t("Notes"), buildNotes(viewer)),
    asset.generator ? section(t("How it was made"), buildRecipe(viewer), buildParams(asset.params)) : null,
    Object.keys(asset.metrics).length ? section(t("Figures"), buildRows(Object.entries(asset.metrics).map(([name, value]) => [nameOf(name), formatFigure(value)]))) : null,
    section(t("File"), buildFile(viewer)),
  ];
  return h("aside", { class: "s-v-side", "aria-label": t("Details") }, sections);
}

const section = (title, ...content) => h("section", {}, h("h3", {}, title), content.flat());

/** seam_ratio -> Seam ratio, as forms have it */
export const nameOf = (name) => t(name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " "));

function buildRows(rows) {
  return h("dl", { class: "s-v-facts" }, rows.filter(([, value]) => value !== "" && value !== null && value !== undefined).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]).flat());
}

function buildTags(viewer) {
  const list = h("div", { class: "s-v-tags" });
  const known = h("datalist", { id: `s-v-tags-${viewer.asset.id}` });
  const input = h("input", { type: "text", class: "s-v-input s-v-small", placeholder: t("Add a tag"), "aria-label": t("Add a tag"), list: known.id, maxlength: "100", autocomplete: "off" });
  const show = () => list.replaceChildren(
    ...viewer.asset.tags.map((tag) => h("span", { class: "s-v-tag" }, tag, button(t("Take the tag {tag} away", { tag }), { glyph: "close", bare: true, onclick: async () => { if (await viewer.edit({ remove_tags: [tag] })) { show(); input.focus(); } } }))),
  );
  input.addEventListener("focus", async () => {
    if (known.children.length) return;
    const found = await api.get("tags", { prefix: "" }).catch(() => ({ items: [] }));
    known.replaceChildren(...found.items.slice(0, 100).map(({ tag }) => h("option", { value: tag })));
  });
  input.addEventListener("keydown", async (event) => {
    const tag = input.value.trim();
    if (event.key === "Backspace" && !input.value && viewer.asset.tags.length) list.querySelector(".s-v-tag:last-child button")?.focus();
    if ((event.key !== "Enter" && event.key !== ",") || !tag) return;
    event.preventDefault();
    input.value = "";
    if (await viewer.edit({ add_tags: [tag] })) show();
  });
  show();
  return [list, input, known];
}

function buildNotes(viewer) {
  const area = h("textarea", { class: "s-v-input", rows: "2", "aria-label": t("Notes"), placeholder: t("What you want to remember of it"), maxlength: "20000" });
  area.value = viewer.asset.notes;
  const { id } = viewer.asset;
  let timer = 0;
  const save = () => {
    clearTimeout(timer);
    if (viewer.asset.id === id && area.value !== viewer.asset.notes) viewer.edit({ notes: area.value });
  };
  area.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(save, 800); });
  area.addEventListener("change", save);
  return area;
}

function buildRecipe(viewer) {
  const { asset } = viewer;
  const seed = asset.seed === null || asset.seed === undefined ? null : h("span", { class: "s-v-seed" }, h("code", {}, String(asset.seed)), button(t("Copy the seed"), { glyph: "copy", bare: true, onclick: () => viewer.copy(String(asset.seed)) }));
  return buildRows([
    [t("Generator"), viewer.generator ? t(viewer.generator.title) : asset.generator],
    [t("Seed"), seed],
    [t("Checkpoint"), asset.checkpoint?.name ?? asset.checkpoint ?? ""],
    [t("Plugin"), asset.plugin],
    [t("Took"), asset.seconds ? t("{seconds} s on {device}", { seconds: asset.seconds.toFixed(asset.seconds < 10 ? 1 : 0), device: asset.device || "cpu" }) : ""],
  ]);
}

/** Every param; a long text gets a row of its own. */
function buildParams(params) {
  const rows = Object.entries(params);
  if (!rows.length) return null;
  const text = (value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : formatFigure(value));
  return h("details", { class: "s-v-params", open: rows.length <= 12 }, h("summary", {}, t("Params ({n})", { n: rows.length })), h("table", { class: "s-v-table" }, h("tbody", {}, rows.map(([name, value]) => {
    const shown = text(value);
    return h("tr", { class: shown.length > 40 ? "s-v-long" : "" }, h("th", { scope: "row" }, nameOf(name)), h("td", { dir: "auto" }, shown === "" ? "–" : shown));
  }))));
}

function buildFile(viewer) {
  const { asset } = viewer;
  const { facts } = asset;
  const created = new Date(asset.created * 1000);
  const licence = h("span", { class: asset.licence ? "" : "s-v-muted" }, asset.licence || t("not given"));
  const shown = new Set(["width", "height", "maps", "mode"]);
  const others = Object.entries(facts).filter(([name, value]) => !shown.has(name) && typeof value !== "object" && value !== "").map(([name, value]) => [nameOf(name), formatFigure(value)]);
  return buildRows([
    [t("Size"), asset.width && asset.height ? `${asset.width} × ${asset.height} px` : ""],
    [t("Bytes"), formatBytes(asset.size)],
    ...others,
    [t("Made"), h("time", { datetime: created.toISOString(), title: created.toISOString() }, created.toLocaleString(language, { dateStyle: "medium", timeStyle: "short" }))],
    [t("Origin"), asset.source === "imported" ? t("imported") : t("generated here")],
    [t("Licence"), licence],
    [t("Collections"), asset.collections?.join(", ") ?? ""],
    [t("Id"), h("span", { class: "s-v-seed" }, h("code", {}, `…${asset.id.slice(-8)}`), button(t("Copy the id"), { glyph: "copy", bare: true, onclick: () => viewer.copy(asset.id) }))],
  ]);
}

/** The title, edited in its place: Enter keeps, Escape gives up. */
export function buildTitle(viewer) {
  const { asset } = viewer;
  const input = h("input", { class: "s-v-title", type: "text", "aria-label": t("Title"), title: t("Click to change the title"), maxlength: "200", dir: "auto", placeholder: t("Untitled"), spellcheck: "false" });
  input.value = asset.title;
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") input.value = viewer.asset.title;
    if (event.key === "Enter" || event.key === "Escape") { event.stopPropagation(); input.blur(); }
  });
  input.addEventListener("change", async () => {
    const title = input.value.trim();
    if (viewer.asset.id !== asset.id || title === viewer.asset.title) return;
    if (!(await attempt(() => viewer.edit({ title })))) input.value = viewer.asset.title;
  });
  return input;
}
