// A result in a window over the tab one is in.

import { h, t } from "./core.js";
import { iconButton } from "./queue-format.js";

/** Open an asset; `list` are its neighbours, for the arrow keys. */
export function openResult(id, list = []) {
  const viewer = h("studio-viewer", { asset: id });
  viewer.list = list;
  const dialog = h("dialog", { class: "s-q-result", "aria-label": t("Result"), "data-leads": "" },
    iconButton("close", t("Close"), () => dialog.close(), { class: "s-icon-button s-q-result-close" }), h("div", { class: "s-q-result-body" }, viewer));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  const leave = () => dialog.close();
  addEventListener("hashchange", leave, { once: true });
  document.body.append(dialog);
  dialog.showModal();
}
