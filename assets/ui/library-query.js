// What is looked for in the library: the address of the page keeps it, chips show it.

import { language, t } from "./core.js";

export const KINDS = ["image", "texture", "audio", "score", "text", "video", "checkpoint", "report", "archive"];
export const COLOURS = {
  red: "#d13c3c", orange: "#e08a2e", yellow: "#e3c83a", green: "#4b9b4b", teal: "#2f9c95", blue: "#3c74cf",
  purple: "#8450c4", pink: "#de77a8", brown: "#8a5a36", black: "#1b1b1b", grey: "#8b8b8b", white: "#f4f4f4",
};
const SINGLE = ["text", "kind", "generator", "collection", "rating", "after", "before", "colour", "trashed"];
const VIEW = ["open", "compare", "lineage"];

/** A query that asks for nothing: the whole library. */
export function emptyQuery() {
  return { text: "", kind: "", generator: "", tag: [], collection: "", rating: "", after: "", before: "", colour: "", trashed: "" };
}

/** Read the address; `view` is what lies over the grid: an opened asset, a comparison, a lineage. */
export function readAddress(hash = location.hash) {
  const [tab, text = ""] = [hash.slice(1).split("?")[0], hash.slice(hash.indexOf("?") + 1)];
  const found = new URLSearchParams(hash.includes("?") ? text : "");
  const query = emptyQuery();
  for (const name of SINGLE) query[name] = found.get(name) ?? "";
  query.tag = found.getAll("tag");
  const view = {};
  for (const name of VIEW) if (found.get(name)) view[name] = found.get(name);
  return { isHere: tab === "library", query, view };
}

/** Turn a query and what lies over the grid into an address. */
export function buildAddress(query, view = {}) {
  const params = new URLSearchParams();
  for (const name of SINGLE) if (query[name]) params.set(name, query[name]);
  for (const tag of query.tag) params.append("tag", tag);
  for (const [name, value] of Object.entries(view)) if (value) params.set(name, value);
  const text = params.toString();
  return text ? `#library?${text}` : "#library";
}

/** Turn a query into the parameters of GET assets. */
export function toParams(query) {
  return {
    text: query.text.trim(),
    kind: query.kind,
    generator: query.generator,
    tag: query.tag,
    collection: query.collection,
    rating_min: query.rating,
    created_after: readDay(query.after),
    created_before: readDay(query.before, 1),
    colour: query.colour,
    trashed: query.trashed ? "true" : "",
  };
}

/** Unix seconds of the start of a local day "2026-01-31", `later` days on; "" for none. */
function readDay(day, later = 0) {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (!parts) return "";
  const [year, month, date] = parts.slice(1).map(Number);
  return new Date(year, month - 1, date + later).getTime() / 1000;
}

/** Write a local day as "2026-01-31". */
export function writeDay(date) {
  const two = (number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Name a day for people: "Today", "Yesterday", "Monday, 3 March". */
export function nameDay(day) {
  const now = new Date();
  if (day === writeDay(now)) return t("Today");
  if (day === writeDay(new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1))) return t("Yesterday");
  const date = new Date(`${day}T12:00`);
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
  return date.toLocaleDateString(navigator.language, { weekday: "long", day: "numeric", month: "long", ...year });
}

/** Name a kind in the plural; "" is all of them. */
export function nameKinds(kind) {
  const names = {
    "": t("All assets"), image: t("Images"), texture: t("Textures"), audio: t("Audio"), score: t("Scores"), text: t("Texts"),
    video: t("Videos"), checkpoint: t("Checkpoints"), report: t("Reports"), archive: t("Archives"),
  };
  return names[kind] ?? kind;
}

/** Name a colour. */
export function nameColour(colour) {
  const names = {
    red: t("Red"), orange: t("Orange"), yellow: t("Yellow"), green: t("Green"), teal: t("Teal"), blue: t("Blue"),
    purple: t("Purple"), pink: t("Pink"), brown: t("Brown"), black: t("Black"), grey: t("Grey"), white: t("White"),
  };
  return names[colour] ?? colour;
}

/** List what is asked for as chips: {name, value, text}. */
export function listChips(query, titles = {}) {
  const chips = [];
  const add = (name, text, value = query[name]) => value && chips.push({ name, value, text });
  const day = (value) => new Date(`${value}T12:00`).toLocaleDateString(language);
  add("text", `“${query.text.trim()}”`, query.text.trim());
  add("kind", nameKinds(query.kind));
  add("generator", titles[query.generator] ?? query.generator);
  for (const tag of query.tag) add("tag", `#${tag}`, tag);
  add("collection", query.collection);
  add("rating", `${"★".repeat(Number(query.rating))} ${Number(query.rating) < 5 ? t("and up") : ""}`.trim());
  if (query.after && query.before) add("days", `${day(query.after)} – ${day(query.before)}`, query.after);
  else {
    add("after", t("since {day}", { day: query.after && day(query.after) }));
    add("before", t("until {day}", { day: query.before && day(query.before) }));
  }
  add("colour", nameColour(query.colour));
  add("trashed", t("in the trash"));
  return chips;
}

/** Return the query without one of its chips. */
export function dropChip(query, { name, value }) {
  if (name === "tag") return { ...query, tag: query.tag.filter((tag) => tag !== value) };
  if (name === "days") return { ...query, after: "", before: "" };
  return { ...query, [name]: "" };
}

/** True where nothing narrows the library (the trash is a place of its own). */
export const isPlain = (query) => listChips({ ...query, trashed: "" }).length === 0;
