// Plugins: what each offers; one that failed says why, one that was suspended can be let run again.

import { api, attempt, go, h, t, toast } from "./core.js";
import { button, emptyState, icon, statusBadge } from "./queue-format.js";

const ORDER = { failed: 0, suspended: 1, ok: 2 };

/** The list, those in trouble first. */
export function buildPlugins(plugins, isAdmin) {
  if (!plugins.length) {
    return emptyState("plug", t("No plugin is installed"), t("Everything Studio makes comes from plugins. Install one, for instance with: pip install studio-textures. Then start Studio again."));
  }
  const sorted = [...plugins].sort((a, b) => ORDER[a.status] - ORDER[b.status] || a.name.localeCompare(b.name));
  return h("div", { class: "s-y-list" }, ...sorted.map((plugin) => buildPlugin(plugin, isAdmin)));
}

function buildPlugin(plugin, isAdmin) {
  const words = { ok: t("Works"), failed: t("Failed to load"), suspended: t("Suspended") };
  const badge = statusBadge(plugin.status);
  badge.textContent = words[plugin.status] ?? plugin.status;
  const origin = [`${plugin.distribution} ${plugin.version}`.trim(), plugin.environment === "main" ? "" : t("environment {name}", { name: plugin.environment })];
  return h("article", { class: "s-q-panel s-y-plugin", "data-status": plugin.status, "data-plugin": plugin.name },
    h("div", { class: "s-q-line" },
      h("div", { class: "s-q-row" }, icon("plug"), h("strong", {}, plugin.name), h("span", { class: "s-q-muted" }, origin.filter(Boolean).join(" · "))), badge),
    plugin.cause ? buildCause(plugin, isAdmin) : null,
    plugin.generators.length ? h("ul", { class: "s-y-chips", "aria-label": t("Generators") }, ...plugin.generators.map((id) => h("li", {},
      h("button", { type: "button", class: "s-y-chip", title: t("Open in Create"), onclick: () => go("create", { generator: id }) }, id)))) : null);
}

function buildCause(plugin, isAdmin) {
  const isSuspended = plugin.status === "suspended";
  const remedy = isSuspended
    ? t("It ended its worker again and again and is kept from running. Update or mend it, then let it run again.")
    : t("The other plugins are not affected. Install it again, or ask its author; the message says where it broke.");
  const enable = () => attempt(async () => {
    await api.post(`plugins/${encodeURIComponent(plugin.name)}/enable`);
    toast(t("{plugin} may run again", { plugin: plugin.name }));
    document.dispatchEvent(new CustomEvent("studio:system"));
  });
  return h("div", { class: "s-q-error" },
    h("p", { class: "s-y-cause" }, plugin.cause), h("p", { class: "s-q-remedy" }, remedy),
    isSuspended ? null : h("code", { class: "s-y-command" }, `pip install --force-reinstall ${plugin.distribution}`),
    isSuspended && isAdmin ? h("div", { class: "s-q-row s-y-enable" }, button(t("Let it run again"), enable, { sign: "play" })) : null);
}
