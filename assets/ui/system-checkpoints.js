// Checkpoints on this machine: list, add by path or hub id, trust, remove.

import { api, attempt, h, t, toast } from "./core.js";
import { button, confirmAction, emptyState, formatBytes, iconButton } from "./queue-format.js";

/** The list with its tools; admins may change it. */
export function buildCheckpoints(isAdmin) {
  const list = h("div", {});
  const read = () => attempt(async () => {
    const { items } = await api.get("checkpoints");
    list.replaceChildren(items.length ? buildTable(items, isAdmin, read) : emptyState("layers", t("No checkpoint yet"),
      t("A checkpoint holds what a model has learnt. Plugins bring small ones; add a file from your disk or from the hub, or train your own.")));
  });
  read();
  return h("section", {}, h("h2", { class: "s-q-title" }, t("Checkpoints")), isAdmin ? buildAdd(read) : null, list);
}

function buildAdd(read) {
  const source = h("input", { type: "text", class: "s-y-field", name: "source", "aria-label": t("Path of a file or folder, or a hub id"), placeholder: t("/path/model.safetensors or owner/name"), required: true, spellcheck: "false" });
  const add = h("button", { type: "submit", class: "s-button s-primary" }, t("Add"));
  const fault = h("p", { class: "s-y-fault", role: "alert" });
  const submit = async (event) => {
    event.preventDefault();
    add.disabled = true;
    fault.textContent = "";
    try {
      const found = await api.post("checkpoints", { source: source.value.trim() });
      source.value = "";
      toast(t("{name} is ready to use", { name: found.name }));
      await read();
    } catch (error) {
      fault.textContent = error.message;
    } finally {
      add.disabled = false;
    }
  };
  return h("form", { class: "s-y-add", onsubmit: submit }, h("div", { class: "s-q-row" }, source, add), fault,
    h("p", { class: "s-q-muted" }, t("Files stay where they are. A hub id is fetched once, pinned to its commit, and works offline from then on.")));
}

/** The name as people say it: two plugins may ship weights of one name, and the second is a path. */
export const nameWeights = (name) => h("span", { title: name }, /^(\/|[A-Za-z]:\\)/.test(name) ? name.split(/[\\/]/).at(-1) : name);

function buildTable(items, isAdmin, read) {
  const origins = { bundled: t("from a plugin"), asset: t("made here"), file: t("file"), folder: t("folder"), hub: t("hub") };
  return h("table", { class: "s-y-table" },
    h("thead", {}, h("tr", {}, ...[t("Name"), t("Origin"), t("Size"), t("Licence"), t("Used by"), ""].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, ...items.map((item) => h("tr", { "data-checkpoint": item.name },
      h("th", { scope: "row" }, h("div", {}, nameWeights(item.name)), item.problem ? h("p", { class: "s-y-fault" }, item.problem) : null),
      h("td", {}, origins[item.source] ?? item.source), h("td", { class: "s-y-number" }, formatBytes(item.size)), h("td", {}, item.licence || "–"),
      h("td", {}, item.generators.join(", ") || "–"), h("td", {}, isAdmin ? buildTools(item, read) : "")))));
}

function buildTools(item, read) {
  const path = `checkpoints/${item.name.split("/").map(encodeURIComponent).join("/")}`;
  const approve = async () => {
    const text = t("{name} is not safetensors: loading it can run any program. Trust it only if you know where it comes from. Its hash is remembered, not its name.", { name: item.name });
    if (!(await confirmAction(t("Trust this file?"), text, t("Trust it")))) return;
    await attempt(async () => { await api.post(`${path}/approve`); toast(t("Trusted")); await read(); });
  };
  const remove = async () => {
    const text = t("{name} is taken off the list. Files inside the home are deleted; files elsewhere stay where they are.", { name: item.name });
    if (!(await confirmAction(t("Remove the checkpoint?"), text, t("Remove")))) return;
    await attempt(async () => { await api.delete(path); toast(t("Removed")); await read(); });
  };
  const isOurs = item.source === "file" || item.source === "folder" || item.source === "hub";
  return h("div", { class: "s-q-row s-q-tight s-q-end" },
    item.problem && item.source !== "bundled" ? button(t("Trust"), approve) : null,
    isOurs ? iconButton("trash", t("Remove {name}", { name: item.name }), remove) : null);
}
