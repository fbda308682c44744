// An archive: what is inside, read from the end of the zip without fetching all of it.

import { fileUrl, h, t } from "./core.js";
import { button, formatBytes } from "./viewer-widgets.js";
import { listEntries, readEntry, readRange } from "./viewer-zip.js";

const PICTURE = /\.(png|jpe?g|webp)$/i;
const TYPES = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", webp: "image/webp" };
const LARGEST = 40e6;

/** Build the view of an archive. */
export function build(asset) {
  const page = h("div", { class: "s-v-page", tabindex: "0", role: "region", "aria-label": asset.title || t("Archive") }, h("p", { class: "s-v-hint" }, t("Reading the list of files...")));
  const peek = h("div", { class: "s-v-peek", hidden: true });
  const urls = [];
  const read = readRange(fileUrl(asset.id, asset.main));
  const open = async (entry) => {
    const bytes = await readEntry(read, entry);
    const url = URL.createObjectURL(new Blob([bytes], { type: TYPES[entry.name.split(".").pop().toLowerCase()] }));
    urls.push(url);
    peek.hidden = false;
    peek.replaceChildren(h("img", { src: url, alt: entry.name }), h("p", { class: "s-v-hint" }, entry.name));
  };
  listEntries(read, asset.files[asset.main].size).then((entries) => {
    const files = entries.filter(({ name }) => !name.endsWith("/"));
    page.replaceChildren(buildTable(files, open));
    const first = files.find((entry) => /preview|thumbnail|basecolor|albedo/i.test(entry.name) && canPeek(entry)) ?? files.find(canPeek);
    if (first) open(first).catch(() => {});
  }, () => page.replaceChildren(h("p", { class: "s-v-hint" }, t("The list of files could not be read; download the archive instead."))));
  const save = h("a", { class: "s-v-btn s-v-primary", href: `${fileUrl(asset.id, asset.main)}?download=1`, download: "" }, t("Download ({size})", { size: formatBytes(asset.files[asset.main].size) }));
  return {
    element: h("div", { class: "s-v-kind" }, h("div", { class: "s-v-modes" }, save), h("div", { class: "s-v-split" }, page, peek)),
    focus: () => page.focus(),
    keys: {},
    dispose: () => urls.forEach((url) => URL.revokeObjectURL(url)),
  };
}

const canPeek = (entry) => PICTURE.test(entry.name) && entry.size < LARGEST;

function buildTable(files, open) {
  const row = (entry) => h(
    "tr", {},
    h("th", { scope: "row" }, canPeek(entry) ? button(entry.name, { onclick: () => open(entry).catch(() => {}), title: t("Show this picture") }) : entry.name),
    h("td", { class: "s-v-figure" }, formatBytes(entry.size)),
  );
  const total = files.reduce((sum, entry) => sum + entry.size, 0);
  return h(
    "table", { class: "s-v-table s-v-files" },
    h("caption", {}, t("{n} files, {size} unpacked", { n: files.length, size: formatBytes(total) })),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("File")), h("th", { scope: "col", class: "s-v-figure" }, t("Size")))),
    h("tbody", {}, files.slice(0, 2000).map(row)),
  );
}
