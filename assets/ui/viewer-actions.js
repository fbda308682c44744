// What can be done with an asset: send on, vary, repeat, export, download, copy, compare, trash.

import { api, attempt, fileUrl, go, h, order, t, toast } from "./core.js";
import { findFamily } from "./create-families.js";
import { listOffers, nameHome, sendTo } from "./send.js";
import { download, findCall, pickSeed, runJob } from "./viewer-jobs.js";
import { button, formatBytes, menu } from "./viewer-widgets.js";

const MORE = 4; // results of "more like this"

/** The row of actions. */
export function buildActions(viewer) {
  const call = findCall(viewer.asset, viewer.family);
  const rows = [
    menu(t("Send to"), { glyph: "send", fill: () => listReceivers(viewer) }),
    guarded(t("More like this"), { glyph: "dice", reason: call.reason ?? unseeded(viewer), title: t("{n} more with the same params and new seeds", { n: MORE }), run: () => makeMore(viewer, call) }),
    guarded(t("Same seed, other params"), { glyph: "tune", reason: call.reason, title: t("Open the form with everything filled in"), run: () => reopen(viewer, call) }),
    guarded(t("Reproduce"), { glyph: "again", brief: true, reason: call.reason, title: t("Run its recipe again and compare the results"), run: (press) => reproduce(viewer, press) }),
    menu(t("Download"), { glyph: "download", brief: true, fill: () => listDownloads(viewer) }),
    menu(t("Compare"), { glyph: "compare", brief: true, fill: () => listRivals(viewer) }),
    menu(t("Code"), { glyph: "code", brief: true, end: true, fill: () => listCode(viewer) }),
    viewer.asset.trashed
      ? button(t("Restore"), { glyph: "again", onclick: () => viewer.restore() })
      : button(t("Move to trash"), { glyph: "trash", bare: true, title: t("Move to trash (Delete)"), class: "s-v-btn s-v-bare s-v-danger", onclick: () => viewer.trash() }),
  ];
  const element = h("div", { class: "s-v-actions", role: "toolbar", "aria-label": t("Actions") }, rows);
  element.dispose = () => rows.forEach((row) => row.dispose?.());
  return element;
}

/** A button that says why it cannot be pressed, in place of doing nothing. */
function guarded(label, { glyph, reason, title, run, brief = false }) {
  const press = button(label, { glyph, brief, title: reason ?? title, "aria-disabled": reason ? "true" : null });
  press.addEventListener("click", () => {
    if (reason) toast(reason);
    else if (press.getAttribute("aria-busy") !== "true") run(press);
  });
  return press;
}

const unseeded = (viewer) => (viewer.generator && !viewer.generator.seeded ? t("This generator takes no seed: it would make the same again.") : undefined);

async function listReceivers(viewer) {
  const { asset } = viewer;
  const found = await attempt(() => api.get("generators", { accepts: asset.kind }));
  const offers = listOffers(found?.items ?? [], [asset.kind], false, viewer.generator ? findFamily(viewer.generator) : "");
  const rows = [];
  offers.forEach((offer, place) => {
    const home = nameHome(offer.generator);
    if (!place || home !== nameHome(offers[place - 1].generator)) rows.push({ heading: home });
    rows.push({ label: offer.generator.title, note: offer.generator.summary, run: () => sendTo(offer, [asset.id]) });
  });
  return rows.length ? rows : [{ label: t("Nothing takes it"), reason: t("No installed generator takes this kind. Plugins bring more.") }];
}

async function makeMore(viewer, call) {
  const job = await attempt(() => api.post("jobs", { ...call, seed: pickSeed(), count: MORE }));
  if (!job) return;
  viewer.expect(job.id, MORE);
  toast(t("{n} more are on their way.", { n: MORE }), "info", { label: t("Queue"), run: () => go("queue") });
}

function reopen(viewer, call) {
  order({ action: "create", ...call, seed: viewer.asset.seed });
  go("create");
}

async function reproduce(viewer, press) {
  press.setAttribute("aria-busy", "true");
  viewer.notice(t("Running its recipe again..."), { kind: "busy" });
  const found = await attempt(() => api.post(`assets/${viewer.asset.id}/reproduce`));
  press.removeAttribute("aria-busy");
  if (!found) {
    viewer.notice("");
    return;
  }
  const words = {
    "bit-equal": t("Reproduced: every bit is the same."),
    "within tolerance": t("Reproduced within tolerance: the largest difference is {distance} %.", { distance: ((found.distance ?? 0) * 100).toPrecision(2) }),
    different: t("Not reproduced: the result differs by up to {distance} %.", { distance: ((found.distance ?? 0) * 100).toPrecision(2) }),
    impossible: t("It cannot be reproduced."),
  };
  const kind = { "bit-equal": "good", "within tolerance": "good", different: "warn", impossible: "warn" }[found.verdict];
  const compare = found.asset && found.verdict !== "bit-equal" ? { label: t("Compare"), run: () => go("library", { compare: `${viewer.asset.id},${found.asset}` }) } : null;
  viewer.notice([words[found.verdict] ?? found.verdict, found.reason].filter(Boolean).join(" "), { kind, action: compare });
}

async function listDownloads(viewer) {
  const { asset } = viewer;
  const names = Object.keys(asset.files);
  const rows = names.map((name) => ({
    label: names.length > 1 ? `${name}${asset.files[name].suffix}` : t("The file ({suffix})", { suffix: asset.files[name].suffix }),
    note: formatBytes(asset.files[name].size), glyph: "download", run: () => download(`${fileUrl(asset.id, name)}?download=1`),
  }));
  const bundle = (query) => new URL(`../assets/bundle?id=${asset.id}${query}`, fileUrl(asset.id).replace(/assets\/.*$/, "assets/")).href;
  rows.push({ heading: t("With everything known of it") });
  rows.push({ label: t("Bundle"), note: t("Files, recipe and notes as a zip that a library can import"), glyph: "box", run: () => download(bundle("&ancestors=0")) });
  if (viewer.parents.length) rows.push({ label: t("Bundle with ancestors"), note: t("Also what it was made from"), glyph: "box", run: () => download(bundle("&ancestors=1")) });
  return rows;
}

async function listRivals(viewer) {
  const { asset } = viewer;
  const row = (node, note) => ({ label: node.title || node.id.slice(-6), note, glyph: "compare", run: () => go("library", { compare: `${asset.id},${node.id}` }) });
  const { items } = (await attempt(() => api.get("assets", { kind: asset.kind, limit: 13 }))) ?? { items: [] };
  const family = new Set([asset.id, ...viewer.parents.map((node) => node.id)]);
  const rows = viewer.parents.filter((node) => node.kind === asset.kind).map((node) => row(node, t("it was made from this")));
  const others = items.filter((node) => !family.has(node.id)).map((node) => row(node, new Date(node.created * 1000).toLocaleString()));
  if (others.length) rows.push({ heading: t("Newest of the kind") }, ...others);
  return rows.length ? rows : [{ label: t("Nothing to compare with"), reason: t("It is the only one of its kind in the library.") }];
}

async function listCode(viewer) {
  const reason = viewer.asset.generator ? undefined : t("It was imported: no line of code makes it.");
  const copy = (language) => async () => {
    const found = await attempt(() => api.get(`assets/${viewer.asset.id}/code`, { language }));
    if (found) viewer.copy(found.text);
  };
  return [
    { label: t("Copy Python"), note: t("A few lines that make this again"), glyph: "copy", reason, run: copy("python") },
    { label: t("Copy command"), note: t("A line for the shell that makes this again"), glyph: "copy", reason, run: copy("cli") },
  ];
}

// ---- for other programs

const ENGINES = [["godot", "Godot"], ["unity_urp", "Unity"], ["unreal", "Unreal"], ["gltf", "glTF"]];
const OTHERS = { unity_urp: "Unity URP", unity_hdrp: "Unity HDRP", materialx: "MaterialX" };

/** Find a generator that packs this kind for an engine of one's choice. */
export async function findExporter(kind) {
  const { items } = await api.get("generators", { accepts: kind, output: "archive" }).catch(() => ({ items: [] }));
  return items.find((one) => one.params_schema?.properties?.engine?.enum) ?? null;
}

/** One click a well-known engine, a list for the rest: runs the export as a job, then saves the archive. */
export async function buildExport(viewer) {
  const exporter = await findExporter(viewer.asset.kind);
  if (!exporter) return null;
  const engines = exporter.params_schema.properties.engine.enum;
  const state = h("output", { class: "s-v-hint", "aria-live": "polite" });
  const run = async (engine, name) => {
    if (state.dataset.busy) return;
    state.dataset.busy = "1";
    const { asset } = viewer;
    const slot = exporter.inputs.find(({ kinds }) => kinds.includes(asset.kind)).name;
    state.textContent = t("Packing for {engine}...", { engine: name });
    const job = await attempt(() => runJob(
      { generator: exporter.id, params: { engine }, inputs: { [slot]: [asset.id] }, priority: "interactive", reuse: true },
      ({ done, total }) => { state.textContent = total ? t("Packing for {engine}: {percent} %", { engine: name, percent: Math.round((done / total) * 100) }) : state.textContent; },
    ));
    delete state.dataset.busy;
    state.textContent = job ? t("Saved for {engine}.", { engine: name }) : "";
    if (job?.asset_ids.length) download(`${fileUrl(job.asset_ids[0])}?download=1`);
  };
  const known = ENGINES.filter(([engine]) => engines.includes(engine));
  const quick = known.map(([engine, name]) => button(name, { onclick: () => run(engine, name), title: t("Download for {engine}", { engine: name }), "aria-label": t("Download for {engine}", { engine: name }) }));
  const shown = new Set(known.map(([engine]) => engine));
  const rest = engines.filter((engine) => !shown.has(engine));
  const other = rest.length ? menu(t("Other"), { glyph: "more", end: true, fill: async () => rest.map((engine) => ({ label: OTHERS[engine] ?? engine.charAt(0).toUpperCase() + engine.slice(1), run: () => run(engine, OTHERS[engine] ?? engine) })) }) : null;
  const element = h("div", { class: "s-v-export", role: "group", "aria-label": t("Download for an engine") }, h("span", {}, t("Download for")), quick, other, state);
  element.dispose = () => other?.dispose();
  return element;
}
