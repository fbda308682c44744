// The keyboard. Keys work where nothing is being typed; Ctrl+Enter works everywhere.

import { go, h, t } from "./core.js";

const listKeys = () => [
  [["Ctrl", "Enter"], t("Generate")],
  [["Esc"], t("Cancel the job that runs")],
  [["←"], t("Previous result")],
  [["→"], t("Next result")],
  [["1", "…", "5"], t("Rate the result; 0 takes the rating away")],
  [["/"], t("Search the library")],
  [["?"], t("Show these shortcuts")],
];

/** Tell the page what a key asks for: "generate", "cancel", "previous", "next", "rate", "search". */
const ask = (action, detail = {}) =>
  !document.dispatchEvent(new CustomEvent("studio:key", { cancelable: true, detail: { action, ...detail } }));

const isTyping = (target) =>
  target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest("[role=slider], [role=listbox]");

function findAction(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return ["generate"];
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return null;
  if (event.key === "Escape") return ["cancel"];
  if (event.key === "?") return ["help"];
  if (event.key === "/") return ["search"];
  if (/^[0-5]$/.test(event.key)) return ["rate", { rating: Number(event.key) }];
  if (event.target.closest("[role=tablist], [role=radiogroup], [role=grid], dialog")) return null;
  if (event.key === "ArrowLeft") return ["previous"];
  if (event.key === "ArrowRight") return ["next"];
  return null;
}

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const found = findAction(event);
  if (!found) return;
  const [action, detail] = found;
  if (action === "help") openHelp();
  else if (action === "search") searchLibrary();
  else if (!ask(action, detail)) return;
  event.preventDefault();
});

function searchLibrary() {
  if (ask("search")) return;
  go("library");
  setTimeout(() => document.querySelector("#tab-library input[type=search]")?.focus(), 200);
}

export function openHelp() {
  const close = h("button", { type: "button", class: "s-button", autofocus: "" }, t("Close"));
  const rows = listKeys().map(([keys, text]) =>
    h("div", { class: "s-key-row" }, h("dt", {}, keys.map((key) => (key === "…" ? "…" : h("kbd", {}, key)))), h("dd", {}, text)));
  const dialog = h("dialog", { class: "s-dialog", "aria-labelledby": "s-help-title", onclose: () => dialog.remove() },
    h("h2", { id: "s-help-title" }, t("Keyboard shortcuts")),
    h("dl", { class: "s-keys" }, rows),
    h("form", { method: "dialog", class: "s-dialog-actions" }, close));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  close.addEventListener("click", () => dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}
