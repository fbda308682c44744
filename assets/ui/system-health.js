// Disk, licences, and what the doctor finds.

import { api, attempt, h, t, toast } from "./core.js";
import { button, emptyState, formatBytes, icon, statusBadge } from "./queue-format.js";
import { nameWeights } from "./system-checkpoints.js";

/** How full the disk is, and the library's share of it. */
export function buildDisk({ disk }) {
  const used = disk.total - disk.free;
  const share = disk.total ? used / disk.total : 0;
  const part = (bytes) => `${Math.max(bytes ? 0.4 : 0, (bytes / disk.total) * 100)}%`;
  const isTight = disk.free < 2 * 2 ** 30;
  return h("section", { "aria-label": t("Disk") }, h("h2", { class: "s-q-title" }, t("Disk")),
    h("div", { class: "s-q-panel s-y-disk" },
      h("div", { class: "s-y-stack", role: "img", "aria-label": t("{percent} % of the disk is in use", { percent: Math.round(share * 100) }) },
        h("span", { class: "s-y-library", style: `width: ${part(disk.library)}` }), h("span", { class: "s-y-others", style: `width: ${part(Math.max(0, used - disk.library))}` })),
      h("dl", { class: "s-y-legend" },
        ...legend("s-y-library", t("Library"), t("{size} in {count} assets", { size: formatBytes(disk.library), count: disk.assets.toLocaleString() })),
        ...legend("s-y-others", t("Everything else"), formatBytes(Math.max(0, used - disk.library))),
        ...legend("s-y-free", t("Free"), t("{free} of {total}", { free: formatBytes(disk.free), total: formatBytes(disk.total) }))),
      isTight ? h("p", { class: "s-q-error" }, t("Little space is left. Empty the trash of the library, or move the home to a larger disk with --home.")) : null));
}

function legend(kind, name, value) {
  return [h("dt", {}, h("span", { class: `s-y-swatch ${kind}` }), name), h("dd", {}, value)];
}

/** What the doctor looked at; what is not well comes first, with what mends it. */
export function buildDoctor(findings) {
  const rank = { broken: 0, missing: 1, ok: 2 };
  const sorted = [...findings].sort((a, b) => rank[a.state] - rank[b.state]);
  const count = (state) => findings.filter((finding) => finding.state === state).length;
  const words = { ok: t("OK"), missing: t("Missing, optional"), broken: t("Broken") };
  const again = button(t("Check again"), () => attempt(async () => {
    await api.get("system");
    document.dispatchEvent(new CustomEvent("studio:system"));
    toast(t("Checked"));
  }), { sign: "again" });
  const verdict = count("broken") ? t("{count} things are broken", { count: count("broken") }) : t("Nothing is broken");
  return h("section", {}, h("div", { class: "s-q-line s-y-verdict", "data-broken": count("broken") ? "" : null },
    h("div", { class: "s-q-row" }, icon(count("broken") ? "warn" : "check"), h("strong", {}, verdict), h("span", { class: "s-q-muted" }, t("{ok} fine, {missing} optional things missing", { ok: count("ok"), missing: count("missing") }))), again),
  h("table", { class: "s-y-table" },
    h("thead", {}, h("tr", {}, ...[t("What"), t("State"), t("Detail"), t("Mend it with")].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, ...sorted.map((finding) => {
      const badge = statusBadge(finding.state);
      badge.textContent = words[finding.state];
      return h("tr", { "data-state": finding.state }, h("th", { scope: "row" }, finding.name), h("td", {}, badge), h("td", {}, finding.detail), h("td", {}, finding.remedy ? h("code", {}, finding.remedy) : ""));
    }))));
}

/** Who allows what: one line a licence, with the checkpoints under it. */
export function buildLicences({ licences }) {
  const groups = new Map();
  for (const item of licences) groups.set(item.licence, [...(groups.get(item.licence) ?? []), item]);
  const title = h("h2", { class: "s-q-title" }, t("Licences"));
  if (!groups.size) return h("section", {}, title, emptyState("layers", t("No model, no licence"), t("When a checkpoint is here, its licence is shown in this place, so that you know what you may do with what it makes.")));
  const rows = [...groups].sort(([a], [b]) => a.localeCompare(b)).map(([licence, items]) => h("tr", {},
    h("th", { scope: "row" }, licence || h("span", { class: "s-y-unknown" }, t("unknown: ask before you publish"))),
    h("td", {}, items.flatMap((item, place) => [place ? ", " : "", nameWeights(item.checkpoint)])),
    h("td", {}, [...new Set(items.flatMap((item) => item.generators))].join(", "))));
  return h("section", {}, title, h("table", { class: "s-y-table" },
    h("thead", {}, h("tr", {}, ...[t("Licence"), t("Checkpoints"), t("Used by")].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, ...rows)));
}

